/**
 * Options from a file mean what they mean when they are typed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { routes } from "../../lib/cli/app.ts";
import { configArguments } from "../../lib/cli/config.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const COMMANDS = listCommands(routes, true);

/** What a file says to a command, with some options typed as well. */
function words(toml: string, name: string, typed: readonly string[] = []): string {
  const command = COMMANDS.find((candidate) => candidate.name === name)!;
  const given = new Set(command.options.filter((option) => typed.includes(option.name)));
  const scope = { path: "c.toml", folder: "conf/", command, commands: COMMANDS, given };
  return configArguments(parse(toml), scope).join(" ");
}

Deno.test("config: kinds of values, and paths from the file's folder", () => {
  const toml = 'output = "x.img"\nfree = "64M"\nsize = 1048576\nforce = true\nstrict = false\n' +
    'maas = false\nno-color = true\nmodule = ["a.v00", "/b.v00"]\nkernelopt = "a=b"\n' +
    'metadata = "m"\nroot-password-file = "-"\ninstallDisk = "--firstdisk"\n';
  assert.equal(
    words(toml, "build"),
    "--output=conf/x.img --free=64M --size=1048576 --force=true --strict=false --maas=false " +
      "--no-color --module=conf/a.v00 --module=/b.v00 --kernelopt=a=b --metadata=conf/m " +
      "--root-password-file=- --install-disk=--firstdisk",
  );
});

Deno.test("config: a command takes what it has, its own table wins, what is typed wins over both", () => {
  const toml =
    'force = true\nlabel = "A"\niso = "i"\n[build]\nlabel = "B"\n[verify]\nquiet = true\n';
  assert.equal(words(toml, "build"), "--force=true --label=B");
  assert.equal(words(toml, "check"), "--force=true --label=B");
  assert.equal(words(toml, "verify"), "--iso=conf/i --quiet=true");
  assert.equal(words(toml, "build", ["--label"]), "--force=true");
  assert.equal(words(`${toml}[check]\nlabel = "C"\n`, "check"), "--force=true --label=C");
  assert.equal(words(`[check]\nlabel = "C"\n[build]\nlabel = "B"\n`, "check"), "--label=C");
  assert.equal(words('kernelopt = ["a", "b"]', "build", ["--kernelopt"]), "");
});

Deno.test("config: what is wrong is named, with what was meant", () => {
  for (
    const [toml, says] of [
      ["ssh-keys = 'a'", /^c\.toml: ssh-keys is no option; write ssh-key$/],
      ["[build]\nout = 'a'", /^c\.toml: build\.out is no option; write output$/],
      ["[build]\nfrobnicate = 1", /build\.frobnicate is no option; see esxi-img build --help$/],
      ["[biuld]\nlabel = 'A'", /\[biuld\] is no command; name one in the brackets$/],
      ["config = 'other.toml'", /config is no option/],
      ["force = 'yes'", /force is a switch; write true or false$/],
      ["label = ['A']", /label has one value; write it without brackets$/],
      ["label = true", /label takes LABEL; write it in quotes$/],
      ["label = ''", /label is empty, or has a line break; write one line$/],
      ["kernelopt = [1979-05-27]", /kernelopt takes STR; write it in quotes$/],
    ] as const
  ) assert.throws(() => words(toml, "build"), { name: "Failure", code: "usage", message: says });
});

Deno.test("config: the image is the one of the same options, typed", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  Deno.mkdirSync(folder.file("conf"));
  folder.write("conf/pw", "Example#Pass-77\n");
  folder.write(
    "conf/esxi.toml",
    '# how we build\n[build]\noutput = "../a.img"\nroot-password-file = "pw"\nlabel = "LAB"\n' +
      'kernelopt = ["one", "two=2"]\nquiet = true\n',
  );
  const config = ["--config", "conf/esxi.toml"];
  const { stderr } = await mustEsxiImg(["build", "in.iso", ...config], { cwd });
  assert.equal(stderr, "");
  const typed = ["--root-password-file", "conf/pw", "--kernelopt", "one", "--kernelopt=two=2"];
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "b.img", "--label", "LAB", ...typed], { cwd });
  assert.deepEqual(
    Deno.readFileSync(folder.file("a.img")),
    Deno.readFileSync(folder.file("b.img")),
  );
  // What is typed wins.
  await mustEsxiImg(["in.iso", ...config, "-o", "c.img", "--label", "OTHER"], { cwd });
  const { stdout } = await mustEsxiImg(["inspect", "c.img"], { cwd });
  assert.match(stdout, /label OTHER/);
  // A command's required option may come from the file, which may come from standard input.
  const stdin = '[convert]\noutput = "d.qcow2"\n';
  await mustEsxiImg(["convert", "a.img", "--config=-", "--json"], { cwd, stdin });
  assert.ok(folder.names().includes("d.qcow2"));
});

Deno.test("config: a file that is none is one line, with the place", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  folder.write("bad.toml", 'a = "1"\nlabel = \n');
  folder.write("latin1.toml", Uint8Array.of(0x23, 0xe4, 0x0a));
  for (
    const [file, code, says] of [
      ["bad.toml", 2, /^esxi-img: bad\.toml:2:9: not TOML: [^\n]+; correct it\n$/],
      ["latin1.toml", 2, /^esxi-img: latin1\.toml: it is not UTF-8 text; save it as UTF-8\n$/],
      ["none.toml", 1, /^esxi-img: none\.toml: cannot read: no such file or folder; check/],
    ] as const
  ) {
    const outcome = await esxiImg(["build", "in.iso", "--config", file], { cwd });
    assert.match(outcome.stderr, says);
    assert.equal(outcome.code, code);
  }
});
