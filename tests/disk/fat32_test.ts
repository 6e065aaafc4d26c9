import fc from "fast-check";
import assert from "node:assert/strict";
import { type BlockMap, blockMap, readBlocks } from "../../lib/blocks/block_map.ts";
import { readBytes, type Source } from "../../lib/blocks/extent.ts";
import { type Fat32Options, layOutFat32 } from "../../lib/disk/fat32.ts";
import { foldCase } from "../../lib/disk/fat_names.ts";
import { type Fat32Volume, readFat32 } from "../../lib/image/fat32_reader.ts";
import { mapSource } from "../formats/support.ts";
import { failure } from "../support/failures.ts";
import {
  contentOf,
  type Files,
  MIB,
  OPTIONS,
  volumeOf,
  writeImage,
} from "../support/fat_volumes.ts";
import { Folder } from "../support/folder.ts";
import { golden } from "../support/golden.ts";
import { mustRun, testWith } from "../support/programs.ts";

const UTF8 = { LC_ALL: "C.UTF-8", TZ: "UTC" };

function bytes(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + (i >> 8) + seed * 97) % 251);
}

/** Reads a volume with our own reader, which knows nothing of FatFs. */
async function read(map: BlockMap): Promise<Fat32Volume> {
  return await readFat32(mapSource("volume", map), 0, map.sizeBytes);
}

/** The bytes of every file, as our own reader finds them. */
async function filesOf(volume: Fat32Volume): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for (const { path, sizeBytes, parts } of volume.files) {
    const content = new Uint8Array(sizeBytes);
    let at = 0;
    for (const { offsetBytes, lengthBytes } of parts) {
      content.set(await readBytes(volume.source, offsetBytes, lengthBytes), at);
      at += lengthBytes;
    }
    found[path] = content;
  }
  return found;
}

async function assertHolds(map: BlockMap, files: Files): Promise<Fat32Volume> {
  const volume = await read(map);
  assert.deepEqual(volume.problems, []);
  const found = await filesOf(volume);
  assert.deepEqual(Object.keys(found).toSorted(), Object.keys(files).toSorted());
  for (const [path, content] of Object.entries(files)) {
    const expected = typeof content === "number" ? new Uint8Array(content) : content;
    assert.deepEqual(found[path], expected, path);
  }
  return volume;
}

/** Lets fsck.fat judge a volume, and mtools read it. */
async function assertToolsAgree(map: BlockMap, files: Files): Promise<void> {
  using folder = new Folder();
  await writeImage(folder.file("volume"), map);
  await mustRun("fsck.fat", ["-n", folder.file("volume")]);
  Deno.mkdirSync(folder.file("out"));
  const from = ["-i", folder.file("volume"), "::*"];
  if (Object.keys(files).length > 0) {
    await mustRun("mcopy", ["-s", "-n", "-b", ...from, folder.file("out")], { env: UTF8 });
  }
  for (const [path, content] of Object.entries(files)) {
    const expected = typeof content === "number" ? new Uint8Array(content) : content;
    assert.deepEqual(Deno.readFileSync(folder.file(`out/${path}`)), expected, path);
  }
}

const SIZES: Files = Object.fromEntries(
  [0, 1, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 99_999].map((size) => [
    `sizes/${size}.v00`,
    bytes(size, size),
  ]),
);
const SMALL: Files = {
  "BOOT.CFG": bytes(1000, 1),
  "EFI/BOOT/BOOT.CFG": bytes(1000, 2),
  "EFI/BOOT/BOOTX64.EFI": bytes(70_000, 3),
  "lower.v00": bytes(10, 4),
  "A long name with blanks.tgz": bytes(600, 5),
  "Grüße aus 東京.txt": bytes(1, 6),
};

testWith(["fsck.fat", "mdir"], "FAT32: fsck and mdir print what was meant", async () => {
  const { map } = await volumeOf(SMALL);
  using folder = new Folder();
  await writeImage(folder.file("volume"), map);
  const options = { cwd: folder.path, env: UTF8 };
  const fsck = await mustRun("fsck.fat", ["-n", "-v", "volume"], options);
  await golden("disk/fat32_fsck.txt", "fsck.fat -n -v volume", fsck.stdout);
  const mdir = await mustRun("mdir", ["-/", "-a", "-i", "volume", "::"], options);
  await golden("disk/fat32_mdir.txt", "mdir -/ -a -i volume ::", mdir.stdout);
});

testWith(
  ["fsck.fat", "mcopy"],
  "FAT32: files of every size around sectors and clusters",
  async () => {
    const { map, clusterBytes } = await volumeOf(SIZES);
    assert.equal(clusterBytes, 512);
    await assertHolds(map, SIZES);
    await assertToolsAgree(map, SIZES);
  },
);

testWith(["fsck.fat", "mcopy"], "FAT32: clusters of every size, files around them", async (t) => {
  for (const clusterBytes of [512, 1024, 2048, 4096, 8192, 16_384, 32_768]) {
    await t.step(`${clusterBytes} bytes`, async () => {
      const sizes = [1, clusterBytes - 1, clusterBytes, clusterBytes + 1, 3 * clusterBytes];
      const files = Object.fromEntries(
        sizes.map((size) => [`${size}.v00`, bytes(size, size)]),
      );
      const freeBytes = 70_000 * clusterBytes;
      const layout = await volumeOf(files, { freeBytes });
      assert.equal(layout.clusterBytes, clusterBytes);
      const volume = await assertHolds(layout.map, files);
      assert.equal(volume.geometry.clusterBytes, clusterBytes);
      assert.ok(volume.freeBytes >= freeBytes && volume.freeBytes < freeBytes + MIB);
      await assertToolsAgree(layout.map, files);
    });
  }
});

/** The fewest clusters of FAT32 (specification, §3.5). */
const FEWEST_CLUSTERS = 65_525;

Deno.test("FAT32: the largest clusters that leave it FAT32, and the free space asked for", async () => {
  const sizes = fc.oneof(
    fc.integer({ min: 0, max: 100 * MIB }),
    fc.integer({ min: 0, max: 4 * 1024 * MIB }),
    ...[512, 1024, 4096, 32_768].map((clusterBytes) =>
      fc.integer({ min: -40, max: 40 }).map((more) => (FEWEST_CLUSTERS + 16 + more) * clusterBytes)
    ),
  );
  await fc.assert(
    fc.asyncProperty(sizes, async (freeBytes) => {
      const { map, clusterBytes, sizeBytes } = await volumeOf(SMALL, { freeBytes });
      const { problems, geometry, freeBytes: found } = await read(map);
      assert.deepEqual(problems, []);
      assert.equal(sizeBytes % MIB, 0);
      assert.ok(geometry.clusters >= FEWEST_CLUSTERS + 16, `${geometry.clusters} clusters`);
      assert.ok(found >= freeBytes, `${found} of ${freeBytes} bytes are free`);
      const needed = (found - freeBytes) < MIB + 2 * clusterBytes;
      // Only FAT32's own minimum makes a volume larger than it need be.
      assert.ok(needed || geometry.clusters < FEWEST_CLUSTERS + 5000);
      if (clusterBytes < 32_768) {
        assert.ok(geometry.clusters / 2 < FEWEST_CLUSTERS + 3000, `clusters of ${clusterBytes}`);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("FAT32: a given size is kept, whatever it is", async () => {
  const smallest = (await volumeOf(SMALL)).sizeBytes;
  for (const more of [0, 1, 2, 30, 31, 32, 33, 64, 100, 223, 224, 225, 500, 2000, 20_000]) {
    const sizeBytes = smallest + more * MIB;
    const { map, sizeBytes: made } = await volumeOf(SMALL, { sizeBytes });
    assert.equal(made, sizeBytes);
    const volume = await read(map);
    assert.deepEqual(volume.problems, []);
    assert.ok(volume.geometry.sectors * 512 <= sizeBytes);
    assert.ok(volume.geometry.clusters >= FEWEST_CLUSTERS);
  }
});

Deno.test("FAT32: a size that is too small is refused, and the one that is advised suffices", async () => {
  const contents: Files[] = [{}, SMALL, { "a.v00": 30 * MIB }, { "a.v00": 700 * MIB, b: 1 }];
  for (const files of contents) {
    for (const freeBytes of [0, 64 * MIB, 600 * MIB]) {
      const error = await volumeOf(files, { freeBytes, sizeBytes: MIB }).then(
        () => assert.fail("accepted"),
        (error) => error,
      );
      failure("too-small", /do not fit into the given size/)(error);
      const advised = Number(/pass --size (\d+)M or more/.exec(error.message)?.[1]) - 2;
      const { map } = await volumeOf(files, { freeBytes, sizeBytes: advised * MIB });
      const volume = await read(map);
      assert.deepEqual(volume.problems, []);
      assert.ok(volume.freeBytes >= freeBytes);
      await assert.rejects(
        volumeOf(files, { freeBytes, sizeBytes: (advised - 1) * MIB }),
        failure("too-small"),
      );
    }
  }
});

Deno.test("FAT32: without files", async () => {
  const volume = await assertHolds((await volumeOf({})).map, {});
  assert.deepEqual([volume.directories, volume.files], [[], []]);
});

Deno.test("FAT32: both FATs, both boot sectors, label, place and serial number", async () => {
  const { map } = await volumeOf(SMALL, { firstLba: 0x12345, label: "MY-LABEL_9A" });
  const volume = await read(map);
  const { fatOffsetBytes, fatBytes, hiddenSectors, label, serial } = volume.geometry;
  assert.equal(hiddenSectors, 0x12345);
  assert.equal(label, "MY-LABEL_9A");
  const fats = new Uint8Array(2 * fatBytes);
  await readBlocks(map, fats, fatOffsetBytes);
  assert.deepEqual(fats.subarray(0, fatBytes), fats.subarray(fatBytes));
  assert.notEqual(fats[8], 0, "the root directory has a cluster");
  const boot = new Uint8Array(7 * 512);
  await readBlocks(map, boot, 0);
  assert.deepEqual(boot.subarray(0, 512), boot.subarray(6 * 512));
  assert.equal(serial, new DataView(boot.buffer).getUint32(67, true));

  const later = await read((await volumeOf(SMALL, { timeMs: OPTIONS.timeMs + 60_000 })).map);
  assert.notEqual(later.geometry.serial, serial);
});

Deno.test("FAT32: FSInfo's hint is the first free cluster, or none in a full volume", async () => {
  const hintOf = async ({ map }: { map: BlockMap }) => {
    const { geometry, freeBytes } = await read(map);
    const fsInfo = new Uint8Array(512);
    await readBlocks(map, fsInfo, 512);
    const hint = new DataView(fsInfo.buffer).getUint32(492, true);
    const entries = new Uint8Array(4 * (geometry.clusters + 2));
    await readBlocks(map, entries, geometry.fatOffsetBytes);
    const fat = new Uint32Array(entries.buffer);
    return { hint, firstFree: fat.indexOf(0), freeBytes };
  };
  const big = { "big.v00": 40 * MIB, "rest.v00": 0 };
  for (const files of [{}, SMALL, SIZES, big]) {
    const { hint, firstFree } = await hintOf(await volumeOf(files));
    assert.ok(firstFree > 2, "the root directory has a cluster");
    assert.equal(hint, firstFree);
  }
  const { sizeBytes, map } = await volumeOf(big);
  const { freeBytes } = await hintOf({ map });
  const full = await hintOf(await volumeOf({ ...big, "rest.v00": freeBytes }, { sizeBytes }));
  assert.deepEqual(full, { hint: 0xffffffff, firstFree: -1, freeBytes: 0 });
});

Deno.test("FAT32: data begin at a mebibyte; files lie in the order given, without gaps", async () => {
  const files = { "z.v00": bytes(1500, 1), "a/b/c.v00": bytes(5000, 2), "m.v00": bytes(512, 3) };
  const { map, clusterBytes } = await volumeOf(files);
  const volume = await read(map);
  assert.equal(volume.geometry.dataOffsetBytes % MIB, 0);
  const starts = Object.keys(files).map((path) =>
    volume.files.find((file) => file.path === path)!.parts
  );
  assert.ok(starts.every((parts) => parts.length === 1), "each file is contiguous");
  for (let i = 1; i < starts.length; i++) {
    const [before, after] = [starts[i - 1]![0], starts[i]![0]];
    const clusters = Math.ceil(before!.lengthBytes / clusterBytes);
    assert.equal(after!.offsetBytes, before!.offsetBytes + clusters * clusterBytes);
  }
});

Deno.test("FAT32: the same content gives the same bytes", async () => {
  const [first, second] = await Promise.all([volumeOf(SMALL), volumeOf(SMALL)]);
  assert.deepEqual(first.map, second.map);
});

Deno.test("FAT32: no byte of a file is read", async () => {
  const source: Source = {
    name: "unread",
    sizeBytes: 100_000,
    read: () => Promise.reject(new Error("a file was read")),
  };
  const extent = { offsetBytes: 0, lengthBytes: 100_000, source, sourceOffsetBytes: 0 };
  const file = { path: "a.v00", sizeBytes: 100_000, content: [extent] };
  const { extents } = await layOutFat32({ directories: [], files: [file] }, OPTIONS);
  assert.ok(extents.some((placed) => "source" in placed && placed.source === source));
});

Deno.test("FAT32: a file in parts stays in parts, one behind the other", async () => {
  const whole = bytes(3000, 9);
  const parts = [0, 1000, 1024].map((start, i, all) => {
    const part = whole.subarray(start, all[i + 1] ?? whole.length);
    return { offsetBytes: start, lengthBytes: part.length, bytes: part };
  });
  const content = {
    directories: [],
    files: [{ path: "parts.v00", sizeBytes: 3000, content: parts }],
  };
  const { sizeBytes, extents } = await layOutFat32(content, OPTIONS);
  await assertHolds(blockMap(sizeBytes, extents), { "parts.v00": whole });
});

testWith(["fsck.fat"], "FAT32: files of almost 4 GiB", async () => {
  // fsck.fat 4.2 takes a chain of 2^32 bytes for an empty one, so it sees one cluster less.
  const { map, clusterBytes } = await volumeOf({ "huge.v00": 2 ** 32 - 32_768 });
  assert.equal(clusterBytes, 32_768);
  using folder = new Folder();
  await writeImage(folder.file("volume"), map);
  await mustRun("fsck.fat", ["-n", folder.file("volume")]);
  const largest = await read((await volumeOf({ "huge.v00": 2 ** 32 - 1, "b": 1 })).map);
  assert.deepEqual(largest.problems, []);
  assert.deepEqual(largest.files.map((file) => file.sizeBytes), [2 ** 32 - 1, 1]);
});

Deno.test("FAT32: what it cannot hold is refused by name", async () => {
  const refused = (files: Files, message: RegExp, options: Partial<Fat32Options> = {}) =>
    assert.rejects(volumeOf(files, options), failure("unfit-for-fat", message));
  await refused({ "dir/big.v00": 2 ** 32 }, /\/dir\/big\.v00: it has 4294967296 bytes/);
  await refused({ "a?": 0 }, /forbidden/);
  await refused({ "a.v00": 0, "A.V00": 0 }, /both \/a\.v00 and \/A\.V00/);
  await refused({ "x": 0, "x/y": 0 }, /both \/x and \/x/);
  await refused({}, /smaller than 2 TiB/, { freeBytes: 2 ** 41 });
  // The short name that the first one gets is the second one's.
  await refused(
    { "longname-a.v00": 0, "longna~1.v00": 0 },
    /Cannot create longna~1\.v00: EXIST; rename the file/,
  );
});

Deno.test("FAT32: a cluster size is taken if 65,541 of its clusters are needed", async () => {
  // The root takes one.
  const clusterBytesFor = async (clusters: number, clusterBytes: number) =>
    (await volumeOf({}, { freeBytes: (clusters - 1) * clusterBytes })).clusterBytes;
  for (const clusterBytes of [1024, 4096, 32_768]) {
    assert.equal(await clusterBytesFor(65_541, clusterBytes), clusterBytes);
    assert.equal(await clusterBytesFor(65_540, clusterBytes), clusterBytes / 2);
  }
});

Deno.test("FAT32: 20,000 files and folders, and no more", async () => {
  // One is too large: that is said once their number is right, and before anything is made.
  const files = (count: number): Files =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`${i % 100}/${i}`, i === 0 ? 2 ** 32 : 0]),
    );
  await assert.rejects(
    volumeOf(files(19_900)), // in 100 folders
    failure("unfit-for-fat", /4 GiB or more/),
  );
  await assert.rejects(
    volumeOf(files(19_901)),
    failure("unfit-for-fat", /holds 20001 files and folders/),
  );
});

Deno.test("FAT32: directories of many clusters, and deep ones", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`many/file number ${i}.v00`, bytes(i % 3, i)]),
  );
  const deep = Array.from({ length: 30 }, (_, i) => `level${i}`).join("/");
  const volume = await assertHolds(
    (await volumeOf({ ...many, [`${deep}/deep.v00`]: bytes(100, 1) })).map,
    { ...many, [`${deep}/deep.v00`]: bytes(100, 1) },
  );
  assert.equal(volume.directories.length, 31);
});

Deno.test("FAT32: what directories take does not come off the free space", async () => {
  // Names of 39 characters take three entries beside the short one: 128 kB in all.
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`many/${`${i}`.padStart(35, "n")}.v00`, 0]),
  );
  for (let more = 0; more < MIB; more += 100_000) {
    const freeBytes = 40 * MIB + more;
    const volume = await read((await volumeOf(many, { freeBytes })).map);
    assert.ok(volume.freeBytes >= freeBytes, `${volume.freeBytes} of ${freeBytes} bytes are free`);
  }
});

const nameUnit = fc.oneof(
  fc.constantFrom(..."abcxyzABCXYZ0189 ._-+,;=[]~$%'()@!&äöüÄßéøñЖжΩω東京あ"),
  fc.integer({ min: 0x20, max: 0xd7ff }).map((unit) => String.fromCharCode(unit)),
);
const nameOf = (unit: fc.Arbitrary<string>, maxLength: number) =>
  fc.oneof(
    fc.array(unit, { minLength: 1, maxLength: 14 }),
    fc.array(unit, { minLength: 60, maxLength }),
  ).map((units) => units.join("").slice(0, 255))
    // deno-lint-ignore no-control-regex
    .filter((name) => name.isWellFormed() && !/["*/:<>?\\|\x00-\x1f\x7f]|[. ]$/.test(name));
const sizeOfFile = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513),
  fc.integer({ min: 0, max: 200_000 }),
);

/** Trees up to three folders deep, of names that FAT tells apart. */
function treeOf(unit: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<Files> {
  const name = nameOf(unit, maxLength);
  const folder = fc.array(name, { maxLength: 3 });
  const file = fc.tuple(folder, name, sizeOfFile, fc.nat(250));
  return fc.array(file, { maxLength: 25 }).map((files) => {
    const tree: Record<string, Uint8Array> = {};
    const taken = new Map<string, string>();
    for (const [folders, name, size, seed] of files) {
      const path = [...folders, name].join("/");
      const all = path.split("/").map((_, i, names) => names.slice(0, i + 1).join("/"));
      // Case decides nothing, and a file is no folder.
      const isFree = all.every((part, i) => {
        const other = taken.get(foldCase(part));
        return other === undefined || (i < all.length - 1 && other === `${part}/`);
      });
      if (!isFree) continue;
      all.forEach((part, i) => taken.set(foldCase(part), i < all.length - 1 ? `${part}/` : part));
      tree[path] = bytes(size, seed);
    }
    return tree;
  });
}

Deno.test("property: our own reader finds what was laid out, whatever the names", async () => {
  const anyUnit = fc.oneof(nameUnit, fc.constantFrom("🔑", "𝔘", "\ufeff", "\ue000", "\ufffd"));
  await fc.assert(
    fc.asyncProperty(treeOf(anyUnit, 255), fc.nat(20 * MIB), async (files, freeBytes) => {
      const { map } = await volumeOf(files, { freeBytes });
      const volume = await assertHolds(map, files);
      assert.ok(volume.freeBytes >= freeBytes);
      assert.deepEqual(volume.directories.toSorted(), [...contentOf(files).directories].toSorted());
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

testWith(
  ["fsck.fat", "mcopy"],
  "property: fsck.fat finds nothing wrong, mcopy every byte",
  async () => {
    await fc.assert(
      // Linux takes names of 255 bytes, FAT of 255 UTF-16 units.
      fc.asyncProperty(treeOf(nameUnit, 80), async (files) => {
        await assertToolsAgree((await volumeOf(files)).map, files);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  },
);

Deno.test("FAT32: folders that would take minutes are refused at once", async () => {
  const names = (count: number, folder: string) =>
    Array.from({ length: count }, (_, i) => `${folder}a-module-of-many-${i}.v00`);
  const lists = [names(20_001, ""), names(15_000, "folder/"), [
    ...names(8000, ""),
    ...names(8000, "folder/"),
  ]];
  for (const paths of lists) {
    const files = paths.map((path) => ({ path, sizeBytes: 0, content: [] }));
    await assert.rejects(
      layOutFat32({ directories: ["folder"], files }, OPTIONS),
      failure("unfit-for-fat", /more than (those of )?any installer/),
    );
  }
});
