/**
 * What people type by mistake: each ends in one line that says what to type instead.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

/** A line with blanks between arguments, `␣` for a blank inside one; and what must be said. */
type Slip = readonly [line: string, says: RegExp];

const SLIPS: Readonly<Record<string, readonly Slip[]>> = {
  "a command by another name": [
    [
      "Build in.iso",
      /^Build: there is no such command; write esxi-img build; see esxi-img --help$/,
    ],
    ["biuld in.iso", /write esxi-img build;/],
    ["create in.iso", /write esxi-img build;/],
    ["info in.iso", /write esxi-img inspect;/],
    ["validate out.img", /write esxi-img verify;/],
    ["pxe in.iso", /write esxi-img netboot;/],
    ["ks", /write esxi-img kickstart;/],
    ["help veryfy", /^veryfy: .*write esxi-img verify --help$/],
    ["help frobnicate", /^frobnicate: .*write esxi-img --help$/],
    ["versoin", /write esxi-img --version;/],
    ["complete bash", /write esxi-img completion;/],
    ["--verison", /^--verison: it stands alone; write esxi-img --version;/],
    [
      "in.iso build",
      /^build: the command stands in front of its arguments; write esxi-img build in/,
    ],
    ["build --force in.iso verify", /write esxi-img verify in\.iso;/],
    ["build in.iso --dry-run", /^--dry-run: there is no such option; write esxi-img check;/],
    ["--completion bash", /write esxi-img completion;/],
    ["out.img", /this is a file, and no command; write esxi-img inspect out\.img;/],
    ["frobnicate in.iso", /there is no such command; see esxi-img --help$/],
  ],
  "an option by another name": [
    [
      "build in.iso --ssh-keys id.pub",
      /^--ssh-keys: .*write --ssh-key FILE; see esxi-img build --/,
    ],
    ["build in.iso --shh-key id.pub", /write --ssh-key FILE;/],
    ["build in.iso --root_password_file pw", /write --root-password-file FILE;/],
    ["build in.iso --password pw", /write --root-password-file FILE;/],
    ["build in.iso --out x.img", /write --output PATH;/],
    ["build in.iso --no-colour", /write --no-color;/],
    ["build in.iso --overwrite", /write --force;/],
    ["build in.iso --sha256 00", /write --iso-sha256 HEX;/],
    ["build in.iso --version", /it stands alone; write esxi-img --version;/],
    [
      "inspect out.img --iso in.iso",
      /inspect has no such option, verify has; see esxi-img inspect/,
    ],
    ["verify out.img --root-password-file pw", /verify has no such option, build, netboot, /],
    ["build --iso in.iso -o y.img", /it is an argument, and no option; write esxi-img build ISO;/],
    ["convert --input out.img -o y.qcow2", /no option; write esxi-img convert IMAGE;/],
    ["build in.iso --hostname esx-01", /write --metadata DIR;/],
    ["build in.iso -x", /^-x: build has no such option; see esxi-img build --help$/],
  ],
  "dashes": [
    ["build in.iso -output x.img", /long options begin with two hyphens; write --output PATH;/],
    ["build in.iso -outptu x.img", /^-outptu: /],
    ["build in.iso —output x.img", /this dash is not the one of options; write --output PATH;/],
    ["build in.iso –o x.img", /this dash is not the one of options; write -o PATH;/],
    ["build in.iso output=x.img", /an option begins with two hyphens; write --output=x\.img;/],
    ["build in.iso -oFILE", /a value stands apart from its option; write -o FILE;/],
    ["build in.iso -onew.img", /a value stands apart from its option; write -o new\.img;/],
  ],
  "values": [
    ["build in.iso -o", /^--output: its value is missing; write -o PATH;/],
    ["build in.iso -o --force", /^--output: its value is missing;/],
    ["build in.iso --force=maybe", /it takes no value, not maybe; write --force;/],
    ["build in.iso --free 64M --free 65M", /^--free: it is given more than once; give it once;/],
    ["build in.iso -q --quiet", /^--quiet: it is given more than once;/],
    ["build in.iso --size 8X", /^--size: cannot read the size 8X: write for example 64M or 2G;/],
    ["build in.iso --size=", /^--size: its value is empty; check the variable/],
    ["build in.iso -f tape", /there is no format tape; use one of gz, raw, /],
    ["build in.iso -o y.img --size 10 GB", /^GB: .*write GB at its number, without a blank;/],
    ["build in.iso --size -5M", /^--size: cannot read the size -5M: /],
    [
      "build in.iso --output␣y.img",
      /its quotes make one word of two; write --output and its value /,
    ],
    ["build in.iso --help=build", /^--help: it takes no value, not build; write --help$/],
    ["build in.iso --label MY␣DISK", /MY DISK is not a label; use up to 11 of/],
    ["build in.iso --boot-option timeout", /is not KEY=VALUE in ASCII; pass one of /],
    [
      "build in.iso -o y.img --size 1M",
      /do not fit into the given size; pass --size \d+M or more$/,
    ],
    [
      "completion tcsh",
      /^SHELL: there is no shell tcsh here; use one of bash, fish, zsh; see esxi-img compl/,
    ],
  ],
  "arguments": [
    ["build", /^ISO: build needs it: .*; write esxi-img build ISO; see esxi-img build --help$/],
    ["build in.iso new.img", /build takes one argument; write -o new\.img; see esxi-img build/],
    ["build My ISO.iso", /^ISO\.iso: build takes one argument; .*put quotes around a name with/],
    [
      "verify out.img in.iso",
      /verify takes one argument; write --iso in\.iso; see esxi-img verify/,
    ],
    ["verify in.iso out.img", /write esxi-img verify out\.img --iso in\.iso;/],
    ["build in.iso -- -o y.img", /^-o: behind -- every word is an argument; write options before/],
    ["verify out.img", /there is nothing to verify it against; pass --iso, --manifest or both$/],
    ["convert out.img new.qcow2", /write -o new\.qcow2; see esxi-img convert --help$/],
    ["convert out.img", /^--output: convert needs it; write -o PATH;/],
    ["netboot in.iso", /^--output: netboot needs it; write -o DIR;/],
    ["kickstart in.iso", /kickstart takes no argument; leave it out/],
    ["--quiet", /^ISO: build needs it/],
  ],
  "files": [
    ["build nope.iso", /no such file or folder; check the path$/],
    ["build https://example.com/esxi.iso", /download it first: the program opens no network$/],
    ["build 'in.iso'", /leave out its quotes: they are part of the name$/],
    ["build in.iso␣", /leave out the blank at its end: it is part of the name$/],
    ["inspect -", /save it to a file first: standard input is read once, front to back$/],
    [
      "build in.iso -o y.img --root-password-file Example#Pass-77",
      /^--root-password-file: there is no such file; pass the name of a file that holds the /,
    ],
    [
      "build in.iso --ssh-key ssh-rsa␣AAAAB3NzaC1yc2E␣me",
      /write the key to a file, and pass that$/,
    ],
    ["build in.iso --metadata nope", /^nope: there is no such folder; check the path$/],
    ["build file:///tmp/none.iso", /pass a path: leave out file:\/\/$/],
    ["build $ISO", /put double quotes around it: single ones keep it as it is$/],
    ["build *.ISO", /no such file or folder; no file matches it$/],
    ["build in.iso --ssh-key=~/id.pub", /put a blank before ~, not =, or write \$HOME$/],
    ["build folder", /it is a folder; pass a file$/],
    ["build out.img -o y.img", /not an ISO 9660 image.*; pass the ESXi installer ISO$/],
    ["build out.img.gz -o y.img", /it is compressed with gzip; pass the ESXi installer ISO$/],
    ["build page.iso -o y.img", /not an ISO 9660 image; pass the ESXi installer ISO$/],
    ["build empty -o y.img", /the file is empty; pass the ESXi installer ISO$/],
    ["build in.iso --metadata page.iso", /it is a file; pass the folder that it is in$/],
    ["build in.iso --metadata folder", /it holds none of meta_data\.json.*; pass the folder with/],
    ["build in.iso --ssh-key id", /it holds a private key; pass the public key/],
    ["build in.iso -k page.iso", /^page\.iso:1:1: /],
    ["verify in.iso --iso out.img", /not an ISO 9660 image; pass the ESXi installer ISO$/],
    ["verify out.img --manifest page.iso", /it is not JSON; pass what build --manifest wrote$/],
    ["inspect page.iso", /not a disk image: it is too small; pass an image of esxi-img$/],
    ["convert in.iso -o y.qcow2", /it is an ISO, which holds no disk; use: esxi-img build ISO/],
  ],
  "outputs": [
    ["build in.iso -o in.iso", /the same run reads or writes it; pass another name$/],
    ["build in.iso -o folder", /it is a folder; pass the name of a file in it$/],
    ["build in.iso -o new/", /^new\/: it is the name of a folder; pass that of a file in it$/],
    ["build in.iso -o nope/y.img", /no such file or folder; check the path$/],
    ["build in.iso -o out.img", /the file exists; pass --force to replace it, or another name$/],
    ["build in.iso -o image", /its suffix names no format; pass -f, one of /],
    ["netboot in.iso -o folder", /the folder exists; pass --force to replace it, or another name$/],
    ["netboot in.iso -o page.iso", /it is no folder; pass the name of a folder$/],
    ["build in.iso --batch --metadata nope -o folder", /^nope: there is no such folder; make it /],
    [
      "build in.iso --batch --metadata folder -o new",
      /^new: there is no such folder; make it first/,
    ],
    ["build in.iso --batch -o new", /there is no metadata; pass --metadata DIR with hosts\/NAME/],
  ],
};

async function workingFolder(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  for (const name of ["out.img", "out.img.gz"]) {
    await mustEsxiImg(["build", "in.iso", "-q", "-o", name], { cwd: folder.path });
  }
  folder.write("page.iso", "<html>Please sign in</html>\n");
  folder.write("empty", "");
  folder.write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nbm90IG9uZQ==\n");
  folder.write("id.pub", `ssh-rsa ${"A".repeat(372)} me\n`);
  Deno.mkdirSync(folder.file("folder"));
  return folder;
}

Deno.test("slips: there are as many as people make, each one once", () => {
  const lines = Object.values(SLIPS).flat().map(([line]) => line);
  assert.ok(lines.length >= 60);
  assert.equal(new Set(lines).size, lines.length);
});

for (const [kind, slips] of Object.entries(SLIPS)) {
  Deno.test(`slips: ${kind}: one line that says what to type`, async (t) => {
    using folder = await workingFolder();
    const before = folder.names();
    for (const [line, says] of slips) {
      await t.step(line, async () => {
        const args = line.split(" ").map((word) => word.replaceAll("␣", " "));
        const { code, stdout, stderr } = await esxiImg(args, { cwd: folder.path });
        assert.match(stderr, /^(warning: [^\n]+\n)*esxi-img: [^\n]+\n$/);
        const said = /^esxi-img: (.*)$/m.exec(stderr)![1]!;
        assert.match(said, says);
        assert.doesNotMatch(stderr, /internal error|\bat \S+:\d+:\d+|undefined|\bError\b/);
        assert.ok(code === 1 || code === 2, String(code));
        assert.equal(stdout, "");
        assert.deepEqual(folder.names(), before);
      });
    }
  });
}
