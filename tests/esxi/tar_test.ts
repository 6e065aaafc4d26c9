import assert from "node:assert/strict";
import { packOldGnuTar } from "../../lib/esxi/tar.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

const text = (content: string) => new TextEncoder().encode(content);

/** The parts of a header that are not zero, by where they begin. */
function partsOf(header: Uint8Array): Record<number, string> {
  const parts: Record<number, string> = {};
  let at = 0;
  while (at < header.length) {
    if (header[at] === 0) {
      at++;
      continue;
    }
    const end = header.indexOf(0, at);
    parts[at] = new TextDecoder().decode(header.subarray(at, end === -1 ? header.length : end));
    at += parts[at]!.length;
  }
  return parts;
}

Deno.test("tar: every field of a header, byte by byte", () => {
  const tar = packOldGnuTar([
    { path: "esxiimg/" },
    { path: "esxiimg/KS.CFG", bytes: text("vmaccepteula\n") },
  ], 1_727_092_800);
  assert.deepEqual(partsOf(tar.subarray(0, 512)), {
    0: "esxiimg/",
    100: "0000755",
    108: "0000000",
    116: "0000000",
    124: "00000000000",
    136: "14674254100",
    148: "007414",
    155: " 5",
    257: "ustar  ",
  });
  assert.deepEqual(partsOf(tar.subarray(512, 1024)), {
    0: "esxiimg/KS.CFG",
    100: "0000644",
    108: "0000000",
    116: "0000000",
    124: "00000000015",
    136: "14674254100",
    148: "010246",
    155: " 0",
    257: "ustar  ",
  });
  // The checksum is computed over its own field as blanks.
  for (const at of [0, 512]) {
    const header = tar.slice(at, at + 512);
    const digits = new TextDecoder().decode(header.subarray(148, 154));
    header.fill(0x20, 148, 156);
    assert.equal(parseInt(digits, 8), header.reduce((sum, byte) => sum + byte, 0));
  }
});

testWith(["tar"], "tar: GNU tar writes the same bytes", async () => {
  using folder = new Folder();
  folder.write("KS.CFG", "vmaccepteula\n");
  folder.write("empty", "");
  const args = "--format=oldgnu --mtime=@1727092800 --owner=0 --group=0 --numeric-owner --mode=644";
  await mustRun("tar", [...args.split(" "), "-cf", "theirs.tar", "KS.CFG", "empty"], {
    cwd: folder.path,
  });
  const ours = packOldGnuTar([
    { path: "KS.CFG", bytes: text("vmaccepteula\n") },
    { path: "empty", bytes: text("") },
  ], 1_727_092_800);
  const theirs = Deno.readFileSync(folder.file("theirs.tar"));
  assert.deepEqual(theirs.subarray(0, ours.length), ours);
  assert.ok(theirs.subarray(ours.length).every((byte) => byte === 0), "it fills up to 20 blocks");
});

Deno.test("tar: contents fill whole blocks, two blocks of zeros end it", () => {
  for (const [lengthBytes, blocks] of [[0, 0], [1, 1], [511, 1], [512, 1], [513, 2]] as const) {
    const bytes = new Uint8Array(lengthBytes).fill(7);
    const tar = packOldGnuTar([{ path: "x", bytes }], 0);
    assert.equal(tar.length, (1 + blocks + 2) * 512);
    assert.deepEqual(tar.subarray(512, 512 + lengthBytes), bytes);
    assert.ok(tar.subarray(512 + lengthBytes).every((byte) => byte === 0));
  }
});

Deno.test("tar: a path has at most 100 bytes of UTF-8", () => {
  const path = "ü".repeat(50);
  const header = packOldGnuTar([{ path }], 0).subarray(0, 512);
  assert.equal(new TextDecoder().decode(header.subarray(0, 100)), path);
  assert.equal(new TextDecoder().decode(header.subarray(100, 107)), "0000755");
  assert.throws(() => packOldGnuTar([{ path: `${path}x` }], 0), RangeError);
});
