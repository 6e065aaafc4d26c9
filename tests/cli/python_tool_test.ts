/**
 * The commands of the Python tool of the same name (rackerlabs/esxi-img), by what it documents in
 * its README and its `--help`, row by row; where ours differ on purpose, the row says why.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { readFromImage, unpack, unpackFromImage } from "../support/inside.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { sha256OfFile } from "../support/trees.ts";

/** What it ends with in a folder that has in.iso, my.cfg, there.img and helper.tgz. */
interface Row {
  /** What the Python tool does. */
  readonly does: string;
  /** What ours does instead, and why, if anything. */
  readonly instead?: string;
  readonly args: string;
  readonly code?: number;
  readonly says?: RegExp;
  readonly makes?: string;
  readonly check?: (folder: Folder, made: string) => Promise<void>;
}

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
/** The same bytes as `build` makes of the ISO. */
async function isPlainImage(folder: Folder, made: string): Promise<void> {
  assert.equal(await sha256OfFile(made), await sha256OfFile(folder.file("there.img")));
}

/** The disk that `build` makes of the ISO, in another format, as qemu-img reads it. */
async function isSameDisk(folder: Folder, made: string): Promise<void> {
  await mustRun("qemu-img", ["compare", made, folder.file("there.img")]);
}

async function hasTemplate(_folder: Folder, made: string): Promise<void> {
  const kickstart = text((await unpackFromImage(made))["esxiimg/KS.CFG"]);
  assert.match(kickstart, /^vmaccepteula\nreboot\n%include /m);
  assert.match(kickstart, /^echo theirs$/m);
}

const GEN_IMG: readonly Row[] = [
  {
    does: "-o and --output name the image; the ISO may stand before or behind",
    args: "--output new.img in.iso",
    makes: "new.img",
    check: isPlainImage,
  },
  { does: "-o", args: "in.iso -o new.img", makes: "new.img", check: isPlainImage },
  {
    does: "gen-img ISO DISKIMG writes a raw image",
    args: "gen-img in.iso new.img",
    makes: "new.img",
    check: isPlainImage,
  },
  {
    does: "gen-img without a suffix is raw",
    args: "gen-img in.iso new",
    makes: "new",
    check: isPlainImage,
  },
  {
    does: "gen-img with a suffix that names no format is raw",
    args: "gen-img in.iso esxi-8.0.3",
    makes: "esxi-8.0.3",
    check: isPlainImage,
  },
  {
    does: "gen-img writes raw into whatever name there is, without --format",
    instead: "a suffix that names a format means it: raw bytes in a .qcow2 are read by nothing",
    args: "gen-img in.iso new.qcow2",
    makes: "new.qcow2",
    check: isSameDisk,
  },
  ...["raw", "qcow2", "vmdk"].map((format): Row => ({
    does: `gen-img --format ${format}`,
    args: `gen-img --format ${format} in.iso new.disk`,
    makes: "new.disk",
    check: isSameDisk,
  })),
  {
    does: "gen-img --format of another kind is wrong usage",
    args: "gen-img --format tar in.iso new.img",
    code: 2,
    says: /there is no format tar/,
  },
  {
    does: "gen-img refuses to overwrite",
    args: "gen-img in.iso there.img",
    code: 1,
    says: /there\.img: the file exists/,
  },
  {
    does: "gen-img without an ISO that is there ends with status 1",
    args: "gen-img none.iso new.img",
    code: 1,
    says: /none\.iso/,
  },
  { does: "gen-img wants both names", args: "gen-img in.iso", code: 2, says: /OUT/ },
  {
    does: "gen-img --ks-template takes a kickstart",
    args: "gen-img --ks-template my.cfg in.iso new.img",
    makes: "new.img",
    check: hasTemplate,
  },
  {
    does: "gen-img --ks-template that is not there ends with status 1",
    args: "gen-img --ks-template none.cfg in.iso new.img",
    code: 1,
    says: /none\.cfg/,
  },
  {
    does: "gen-img --esxiimg takes a finished helper, byte for byte",
    args: "gen-img in.iso new.img --esxiimg helper.tgz",
    makes: "new.img",
    check: async (folder, made) =>
      assert.deepEqual(
        await readFromImage(made, "esxiimg.tgz"),
        await Deno.readFile(folder.file("helper.tgz")),
      ),
  },
  {
    does: "gen-img --esxiimg that is not there ends with status 1",
    args: "gen-img in.iso new.img --esxiimg none.tgz",
    code: 1,
    says: /none\.tgz/,
  },
  {
    does: "gen-img --esxiimg with --ks-template leaves the template out, silently",
    instead: "refused: the template would have no effect",
    args: "gen-img in.iso new.img --esxiimg helper.tgz --ks-template my.cfg",
    code: 2,
    says: /a finished payload has its own kickstart/,
  },
];

const PARTS: readonly Row[] = [
  {
    does: "ks-template FILE writes the default kickstart",
    args: "ks-template new.cfg",
    makes: "new.cfg",
    check: async (_folder, made) =>
      assert.equal(await Deno.readTextFile(made), (await mustEsxiImg(["kickstart"])).stdout),
  },
  {
    does: "ks-template replaces a file",
    instead: "nothing is replaced without --force, which the Python tool has not",
    args: "ks-template my.cfg",
    code: 1,
    says: /my\.cfg: the file exists/,
  },
  {
    does: "installer-helper FILE writes the payload",
    args: "installer-helper new.tgz",
    makes: "new.tgz",
    check: async (folder, made) =>
      assert.equal(await sha256OfFile(made), await sha256OfFile(folder.file("helper.tgz"))),
  },
  {
    does: "installer-helper --ks-template takes a kickstart",
    args: "installer-helper --ks-template my.cfg new.tgz",
    makes: "new.tgz",
    check: async (_folder, made) =>
      assert.match(text((await unpack(made))["esxiimg/KS.CFG"]), /^echo theirs$/m),
  },
  {
    does: "installer-helper replaces a file",
    instead: "nothing is replaced without --force, which the Python tool has not",
    args: "installer-helper helper.tgz",
    code: 1,
    says: /helper\.tgz: the file exists/,
  },
  { does: "installer-helper wants a name", args: "installer-helper", code: 2, says: /FILE/ },
];

testWith(["tar", "mtype", "qemu-img"], "commands of the Python tool", async (t) => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  folder.write("my.cfg", "vmaccepteula\nreboot\n%firstboot --interpreter=busybox\necho theirs\n");
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "there.img"], { cwd });
  await mustEsxiImg(["payload", "-o", "helper.tgz"], { cwd });
  const before = folder.names();
  for (
    const { does, instead, args, code = 0, says = /^/, makes, check } of [...GEN_IMG, ...PARTS]
  ) {
    const title = instead === undefined ? does : `${does}; ours: ${instead}`;
    await t.step(`${title} (${args})`, async () => {
      const outcome = await esxiImg(args.split(" "), { cwd });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, says);
      const made = makes === undefined ? [] : [makes];
      assert.deepEqual(folder.names(), [...before, ...made].toSorted());
      if (makes === undefined) return;
      try {
        await check?.(folder, folder.file(makes));
      } finally {
        await Deno.remove(folder.file(makes));
      }
    });
  }
});
