import assert from "node:assert/strict";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import {
  checkDiskSize,
  DISK_FORMATS,
  formatFor,
  formatNames,
  FORMATS,
  openImage,
} from "../../lib/formats/formats.ts";
import { failure } from "../support/failures.ts";
import { equalBytes, IDENTITY, MemorySink, MIB, noise } from "./support.ts";

Deno.test("formats: by name, by suffix, gz for what says nothing, raw for devices", () => {
  assert.equal(formatFor(undefined, undefined).name, "gz");
  assert.equal(formatFor(undefined, "-").name, "gz");
  assert.equal(formatFor(undefined, "/dev/sdb").name, "raw");
  assert.equal(formatFor(undefined, "/dev/shm/x.qcow2").name, "qcow2");
  assert.equal(formatFor("vmdk", "x.img").name, "vmdk");
  // as qemu-img and gzip call them
  assert.equal(formatFor("vpc", undefined).name, "vhd");
  assert.equal(formatFor("GZIP", undefined).name, "gz");
  for (
    const [path, name] of [
      ["x.img", "raw"],
      ["x.raw", "raw"],
      ["x.dd", "raw"],
      ["dir.img/x.img.gz", "gz"],
      ["x.dd.gz", "gz"],
      ["X.QCOW2", "qcow2"],
      ["x.vmdk", "vmdk"],
      ["x.vhd", "vhd"],
      ["x.ISO", "iso"],
    ]
  ) assert.equal(formatFor(undefined, path).name, name, path);
});

Deno.test("formats: every one has a name of its own and is chosen by its suffix", () => {
  assert.equal(new Set(FORMATS.map(({ name }) => name)).size, FORMATS.length);
  const suffixes = FORMATS.flatMap(({ suffixes }) => suffixes);
  assert.equal(new Set(suffixes).size, suffixes.length);
  for (const format of FORMATS) {
    assert.equal(formatFor(format.name, "x.unknown"), format);
    for (const suffix of format.suffixes) assert.equal(formatFor(undefined, `x${suffix}`), format);
    // Without a name the default output says again what it is, if a suffix does.
    const chosen = formatFor(undefined, `x${format.suffix}`);
    if (format.suffixes.length > 0) assert.equal(chosen, format);
  }
});

Deno.test("formats: what names none is wrong usage, which lists them all", () => {
  const list = new RegExp(formatNames());
  assert.throws(() => formatFor("zip", undefined), failure("usage", /there is no format zip/));
  assert.throws(() => formatFor("zip", undefined), failure("usage", list));
  assert.throws(() => formatFor("", undefined), failure("usage"));
  for (const path of ["x", "x.img.xz", "gz", "x.gz.part"]) {
    assert.throws(() => formatFor(undefined, path), failure("usage", list), path);
  }
});

Deno.test("formats: names are listed, and a disk that is too large for one is refused", () => {
  assert.equal(formatNames(), FORMATS.map(({ name }) => name).join(", "));
  assert.match(formatNames(), /^gz, raw, qcow2/);
  const vhd = formatFor("vhd", undefined);
  const largest = 2040 * 2 ** 30;
  checkDiskSize(vhd, largest, "x.vhd");
  assert.throws(
    () => checkDiskSize(vhd, largest + 512, "x.vhd"),
    failure("too-small", /x\.vhd: vhd holds at most 2040 GiB/),
  );
  checkDiskSize(formatFor("raw", undefined), 2 ** 50, "x.img");
});

Deno.test("formats: what each writes is opened as what it was", async () => {
  const bytes = noise(3 * 64 * 1024 + 512);
  const map = blockMap(4 * MIB, [bytesExtent(MIB, bytes)]);
  for (const format of DISK_FORMATS) {
    const sink = new MemorySink();
    await format.encode(map, sink, IDENTITY);
    const { format: opened, disk } = await openImage(sink.toSource());
    assert.ok(opened.startsWith(format.name.split("-")[0]!), `${format.name} opens as ${opened}`);
    assert.equal(disk.sizeBytes, map.sizeBytes, format.name);
    const read = new Uint8Array(map.sizeBytes);
    await disk.read(read, 0);
    assert.ok(equalBytes(read.subarray(MIB, MIB + bytes.length), bytes), format.name);
    assert.ok(read.subarray(0, MIB).every((byte) => byte === 0), format.name);
  }
});
