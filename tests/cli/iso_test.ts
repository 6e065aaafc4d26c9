import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

Deno.test("iso: built twice, into a file and a pipe, it is the same, and verified", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  const { stderr } = await mustEsxiImg(
    ["build", "esxi.iso", "-f", "iso", "--verify", "--manifest", "m.json"],
    { cwd },
  );
  assert.match(stderr, /^esxi-unattended\.iso: ESXi 8\.0\.3 .* as iso, verified$/m);
  assert.match(stderr, /installs with --firstdisk --overwritevmfs; choose .* --install-disk$/m);
  const built = await Deno.readFile(folder.file("esxi-unattended.iso"));
  await mustEsxiImg(["build", "esxi.iso", "-o", "again.ISO"], { cwd });
  assert.deepEqual(await Deno.readFile(folder.file("again.ISO")), built);
  const piped = await mustEsxiImg(["build", "esxi.iso", "-f", "iso", "-o", "-"], { cwd });
  assert.deepEqual(piped.stdoutBytes, built);

  const manifest = JSON.parse(await Deno.readTextFile(folder.file("m.json")));
  assert.equal(manifest.disk, null);
  assert.equal(manifest.output.format, "iso");
  const verified = await mustEsxiImg(
    ["verify", "again.ISO", "--iso", "esxi.iso", "--manifest", "m.json"],
    { cwd },
  );
  assert.match(verified.stdout, /file system, edits, and .* the very file of the manifest/);
});

Deno.test("iso: inspect shows the edits, and the payload knows of no disk", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  const args = ["build", "esxi.iso", "-o", "x.iso", "--json", "--install-disk", "--disk=mpx.0"];
  const facts = JSON.parse((await mustEsxiImg(args, { cwd })).stdout);
  assert.deepEqual([facts.format, facts.diskBytes, facts.diskGuid], ["iso", undefined, undefined]);
  const { stdout } = await mustEsxiImg(["inspect", "x.iso", "--json"], { cwd });
  const { format, installer, files } = JSON.parse(stdout);
  assert.equal(format, "iso");
  for (const { kernelOptions, modules } of installer.bootCfgs) {
    assert.match(kernelOptions, / ks=file:\/\/\/esxiimg\/KS\.CFG$/);
    assert.equal(modules.at(-1), "/esxiimg.tgz");
  }
  const paths = files.map(({ path }: { path: string }) => path);
  assert.ok(paths.includes("ESXIIMG.TGZ"));
  assert.ok(!paths.some((path: string) => /curtin/i.test(path)), "a CD is not written to by MAAS");

  const again = await mustEsxiImg(["build", "x.iso", "-o", "y.iso"], { cwd });
  assert.match(again.stderr, /as iso/, "an ISO of ours gets a new payload");
  const twice = await esxiImg(["verify", "y.iso", "--iso", "esxi.iso"], { cwd });
  assert.notEqual(twice.code, 0, "the first payload is still in it, and belongs to no file");
  await mustEsxiImg(["verify", "y.iso", "--iso", "x.iso"], { cwd });
});

Deno.test("iso: what cannot be is refused with a reason", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  await mustEsxiImg(["build", "esxi.iso", "-o", "x.img"], { cwd });
  await mustEsxiImg(["build", "esxi.iso", "-o", "x.iso"], { cwd });
  const damaged = (await Deno.readFile(folder.file("x.iso"))).with(300_000, 1);
  folder.write("damaged.iso", damaged);
  const cases: readonly (readonly [code: number, says: RegExp, ...args: string[]])[] = [
    [
      2,
      /x\.iso: it is an ISO, which holds no disk; use: esxi-img build/,
      "convert",
      "x.iso",
      "-o",
      "y.img",
    ],
    [2, /an ISO is made of the vendor's ISO; use/, "convert", "x.img", "-o", "y.iso"],
    [2, /--label: an ISO keeps/, "build", "esxi.iso", "-o", "y.iso", "--label", "X"],
    [2, /--free: an ISO keeps/, "build", "esxi.iso", "-o", "y.iso", "--free", "1M"],
    [1, /esxi\.iso: the same run reads or writes it|exists/, "build", "esxi.iso", "-o", "esxi.iso"],
    [1, /differs from the ISO's/, "verify", "damaged.iso", "--iso", "esxi.iso"],
  ];
  for (const [code, says, ...args] of cases) {
    const outcome = await esxiImg(args, { cwd });
    assert.match(outcome.stderr, says);
    assert.equal(outcome.code, code, args.join(" "));
  }
  assert.deepEqual(folder.names().filter((name) => name.startsWith("y")), []);
});
