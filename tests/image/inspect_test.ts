import assert from "node:assert/strict";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { bytesSource } from "../../lib/blocks/extent.ts";
import { encodeGzip } from "../../lib/formats/gzip/write.ts";
import { encodeQcow2 } from "../../lib/formats/qcow2/write.ts";
import { inspect } from "../../lib/image/inspect.ts";
import { mapSource, MemorySink, noise } from "../formats/support.ts";
import { failure } from "../support/failures.ts";
import { contentOf, diskOf } from "../support/fat_volumes.ts";
import { buildGoodImage } from "../support/good_image.ts";

const GOOD = await buildGoodImage();

Deno.test("inspect: an ISO", async () => {
  const found = await inspect(GOOD.iso);
  assert.equal(found.format, "iso");
  assert.equal(found.path, "test.iso");
  assert.equal(found.fileBytes, GOOD.iso.sizeBytes);
  assert.deepEqual(found.fileSystem, {
    type: "ISO 9660, names by ISO 9660",
    label: "ESXI-8.0U3B-24280767-STANDARD",
  });
  assert.equal(found.partitions, undefined);
  assert.deepEqual(found.problems, []);
  assert.ok(!("problem" in found.installer));
  const { version, build, bootCfgs } = found.installer;
  assert.deepEqual([version, build], ["8.0.3", "24280767"]);
  assert.deepEqual(bootCfgs.map(({ path }) => path), ["EFI/BOOT/BOOT.CFG", "BOOT.CFG"]);
  const { title, kernel, kernelOptions, modules } = bootCfgs[0]!;
  assert.deepEqual(
    [title, kernel, kernelOptions, modules.length],
    ["Loading ESXi installer", "/b.b00", "runweasel cdromBoot", 8],
  );
  assert.ok(found.files.some(({ path, sizeBytes }) => path === "EMPTY.TXT" && sizeBytes === 0));
});

Deno.test("inspect: an image, in whatever format", async (t) => {
  const raw = await inspect(GOOD.disk());
  await t.step("raw", () => {
    assert.equal(raw.format, "raw");
    assert.equal(raw.diskBytes, GOOD.map.sizeBytes);
    assert.match(raw.diskGuid!, /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-/);
    assert.equal(raw.partitions?.length, 1);
    const { name, firstLba, lastLba, sizeBytes } = raw.partitions![0]!;
    assert.equal(name, "EFI System Partition");
    assert.equal(firstLba, 2048);
    assert.equal(sizeBytes, (lastLba - firstLba + 1) * 512);
    assert.deepEqual([raw.fileSystem.type, raw.fileSystem.label], ["FAT32", "ESXI"]);
    assert.ok(raw.fileSystem.freeBytes! > 0);
    assert.ok(!("problem" in raw.installer));
    assert.equal(raw.installer.version, "8.0.3");
    for (const { kernelOptions, modules } of raw.installer.bootCfgs) {
      assert.match(kernelOptions, / ks=file:\/\/\/esxiimg\/KS\.CFG$/);
      assert.equal(modules.at(-1), "/esxiimg.tgz");
    }
    assert.ok(raw.files.some(({ path }) => path === "esxiimg.tgz"));
    assert.deepEqual(raw.problems, []);
  });
  await t.step("the same in a gzip and a qcow2", async () => {
    for (const [format, encode] of [["gz", encodeGzip], ["qcow2 (plain)", encodeQcow2]] as const) {
      const sink = new MemorySink();
      await encode(GOOD.map, sink);
      const found = await inspect(sink.toSource("test.img"));
      assert.deepEqual(found, { ...raw, format, fileBytes: sink.sizeBytes });
    }
  });
});

Deno.test("inspect: an image that is no installer says so and lists its files", async () => {
  const { map } = await diskOf(contentOf({ "a.txt": new Uint8Array(5) }));
  const found = await inspect(mapSource("other.img", map));
  assert.ok("problem" in found.installer);
  assert.match(found.installer.problem, /other\.img: not an ESXi installer: it holds no/);
  assert.deepEqual(found.files, [{ path: "a.txt", sizeBytes: 5 }]);
});

Deno.test("inspect: a damaged file system is described as far as it goes", async () => {
  const { map } = await diskOf(contentOf({ "a.txt": new Uint8Array(5) }));
  const disk = mapSource("damaged.img", map);
  const found = await inspect({
    ...disk,
    async read(into, offsetBytes) {
      await disk.read(into, offsetBytes);
      const at = 2049 * 512 + 488 - offsetBytes; // FSInfo's count
      if (at >= 0 && at < into.length) into[at]! ^= 1;
    },
  });
  assert.equal(found.files.length, 1);
  assert.match(found.problems.join(), /FSInfo counts \d+ free clusters/);
});

Deno.test("inspect: what is neither is refused", async () => {
  await assert.rejects(
    inspect(bytesSource("x", new Uint8Array(0))),
    failure("not-image", /x: the file is empty/),
  );
  for (const content of [new Uint8Array(1), new Uint8Array(100_000), noise(100_000)]) {
    await assert.rejects(
      inspect(bytesSource("x", content)),
      failure("not-image", /not a disk image/),
    );
  }
  const sparse = mapSource("x", blockMap(2 ** 42, []));
  await assert.rejects(inspect(sparse), failure("not-image"));
});
