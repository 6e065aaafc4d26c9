// The line that gives an image to MAAS.
import assert from "node:assert/strict";
import { maasCommand } from "../../lib/cli/maas_command.ts";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, run } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const ESXI = { version: "8.0.3", architecture: "x86_64" } as const;
const HOME = { directory: "/home/u/images", home: "/home/u" };

Deno.test("maas command: what the ISO says of name, title and architecture", () => {
  assert.equal(
    maasCommand("vmware-esxi.dd.gz", ESXI, HOME),
    "maas $PROFILE boot-resources create name='esxi/8.0' title='VMware ESXi 8.0.3' " +
      "architecture='amd64/generic' filetype='ddgz' content@=vmware-esxi.dd.gz",
  );
  const arm = maasCommand("a.gz", { version: undefined, architecture: "arm64" }, HOME);
  assert.match(arm, /name='esxi\/custom' title='VMware ESXi custom' architecture='arm64\/generic'/);
});

Deno.test("maas command: a file that a snap cannot read", () => {
  const noted = (path: string, place = HOME) =>
    maasCommand(path, ESXI, place).includes("  # MAAS from");
  for (const path of ["a.gz", "./a.gz", "/home/u/a.gz", "/home/u/b/.c/a.gz"]) {
    assert.equal(noted(path), false, path);
  }
  for (const path of ["/tmp/a.gz", "/home/u2/a.gz", "/home/u/.cache/a.gz", "/home/u"]) {
    assert.equal(noted(path), true, path);
  }
  assert.equal(noted("a.gz", { directory: "/srv", home: "/home/u/" }), true);
  assert.equal(
    maasCommand("/tmp/a.gz", ESXI, { directory: "/", home: undefined }).includes("#"),
    false,
  );
});

Deno.test("maas command: a build prints it, and knows the user's home folder", async () => {
  using folder = new Folder();
  await writeSampleIso(folder.file("esxi.iso"));
  const said = async (HOME: string) =>
    (await mustEsxiImg(["build", "esxi.iso", "--force"], { cwd: folder.path, env: { HOME } }))
      .stderr;
  assert.match(await said(folder.path), /^for MAAS: maas .* content@=esxi\.img\.gz$/m);
  assert.match(await said("/home/u"), /content@=esxi\.img\.gz {2}# MAAS from the snap: copy/);
});

Deno.test("maas command: a shell takes it as it stands", async () => {
  const path = "/tmp/it's an image.gz";
  const line = `maas() { printf '%s\\n' "$@"; }; ${maasCommand(path, ESXI, HOME)}`;
  const { stdout } = await run("sh", ["-c", line], { env: { PROFILE: "admin" } });
  assert.equal(stdout.trim().split("\n").at(-1), `content@=${path}`);
});
