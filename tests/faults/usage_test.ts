/**
 * Wrong usage: status 2, one line on standard error that says what is wrong, nothing written.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

/** What the working folder holds besides an ISO. */
const FILES: Readonly<Record<string, string>> = {
  "empty": "",
  "key.pub":
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMwCHH0TBaOfJSd4sdQ5gwsm7j/UwAXxaJnI06ctNuO me\n",
  "ks.cfg": "vmaccepteula\n",
  "two-lines": "one\ntwo\n",
};

/** Arguments, and what must be said about them. */
const CASES: readonly (readonly [args: string, says: RegExp])[] = [
  ["frobnicate in.iso", /frobnicate: there is no such command; see esxi-img --help/],
  ["inspct in.iso", /inspct: there is no such command; write esxi-img inspect;/],
  ["build", /ISO/],
  ["build in.iso in.iso", /in\.iso|arguments/],
  ["build in.iso --frobnicate", /--frobnicate/],
  ["build in.iso -x", /-x/],
  ["build in.iso -o", /output/],
  ["build in.iso --size", /size/],
  ["build in.iso --size 5Q", /5Q.*64M/],
  ["build in.iso --size -5M", /-5M|size/],
  ["build in.iso --free many", /many.*64M/],
  ["build in.iso --free 64M --free 65M", /free/],
  ["build in.iso -f tape", /--format: there is no format tape; use one of .*raw/],
  ["build in.iso -o out.bin", /out\.bin: its suffix names no format; pass -f/],
  ["build in.iso --label way-too-long-a-label", /--label: .*use up to 11/],
  ["build in.iso --label esxi", /--label: esxi is not a label; use up to 11 of A-Z/],
  ["build in.iso --iso-sha256 abc", /--iso-sha256: abc is not a SHA-256; pass 64/],
  ["build in.iso --install-disk a\nb", /--install-disk: it holds a line break; pass one line/],
  ["build in.iso --root-password-file empty", /empty: the password is empty; write the/],
  ["build in.iso --root-password-file two-lines", /two-lines: it has more than one line; write/],
  ["build in.iso --root-password-file not-utf8", /not-utf8: it is not UTF-8 text; save it/],
  ["build in.iso --ssh-key ks.cfg", /ks\.cfg:1: this line is no public key; pass/],
  ["build in.iso --metadata .", /\.: it holds none of meta_data\.json.*; pass the folder/],
  ["build in.iso --payload p --kickstart ks.cfg", /--payload: .*; pass those to esxi-img payload/],
  ["build  -o out.img", /argument 2: it is empty; check the variable that it comes from/],
  ["build in.iso -o ", /argument 4: it is empty, after -o; check the variable/],
  ["build in.iso --metadata= -o out.img", /--metadata: its value is empty; check the variable/],
  ["", /argument 1: it is empty; check the variable/],
  ["build in.iso -o - --sync", /--sync: standard output cannot be made durable; pass -o FILE/],
  ["build in.iso -o /dev/null --verify", /--verify: \/dev\/null cannot be read back; pass -o FILE/],
  ["build in.iso -o - --json", /--json: standard output carries the image; pass -o FILE/],
  ["build in.iso -o - --verify", /--verify: standard output cannot be read back; pass -o FILE/],
  ["build in.iso -o - --manifest -", /--manifest: standard output carries .*; pass --manifest/],
  ["build in.iso --json --manifest -", /--manifest: standard output carries .*; pass --manifest/],
  ["inspect", /FILE/],
  ["inspect in.iso --wide", /--wide/],
  ["verify in.iso", /--iso/],
  ["verify --iso in.iso", /IMAGE/],
  ["kickstart in.iso", /in\.iso|arguments/],
  ["payload in.iso", /in\.iso|arguments/],
  ["gen-img in.iso", /OUT/],
  ["ks-template", /FILE/],
  ["installer-helper", /FILE/],
  ["-o out.img", /ISO/],
];

for (const [line, says] of CASES) {
  Deno.test(`wrong usage: esxi-img ${JSON.stringify(line).slice(1, -1)}`, async () => {
    using folder = await workingFolder();
    const before = folder.names();
    const outcome = await esxiImg(line.split(" "), { cwd: folder.path });
    assertUsage(outcome.stderr, says);
    assert.deepEqual({ code: outcome.code, stdout: outcome.stdout }, { code: 2, stdout: "" });
    assert.deepEqual(folder.names(), before);
  });
}

Deno.test("wrong usage: SOURCE_DATE_EPOCH is not a number", async () => {
  using folder = await workingFolder();
  const env = { SOURCE_DATE_EPOCH: "yesterday" };
  for (const args of [["build", "in.iso"], ["payload"]]) {
    const { code, stderr } = await esxiImg(args, { cwd: folder.path, env });
    assertUsage(stderr, /SOURCE_DATE_EPOCH: yesterday is not a number of seconds; set it/);
    assert.equal(code, 2);
  }
});

Deno.test("no arguments, --help and --version are no wrong usage", async () => {
  for (const [args, says] of [[[], /build/], [["--help"], /build/], [["--version"], /^\d+\./]]) {
    const { code, stdout, stderr } = await esxiImg(args as string[]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, says as RegExp);
  }
  for (const command of ["build", "inspect", "verify", "kickstart", "payload", "gen-img"]) {
    const { code, stdout, stderr } = await esxiImg([command, "--help"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, new RegExp(`USAGE\\s+esxi-img ${command}`));
  }
});

async function workingFolder(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  for (const [name, content] of Object.entries(FILES)) folder.write(name, content);
  folder.write("not-utf8", Uint8Array.of(0x70, 0xff, 0xfe, 0x0a));
  return folder;
}

function assertUsage(stderr: string, says: RegExp): void {
  assert.match(stderr, /^esxi-img: \P{Cc}+\n$/u);
  assert.match(stderr, says);
}
