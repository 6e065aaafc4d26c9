import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap, readBlocks } from "../../lib/blocks/block_map.ts";
import { bytesSource, readBytes, type Source } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import { parseDirectory } from "../../lib/image/fat32_directory.ts";
import { type Fat32Volume, readFat32 } from "../../lib/image/fat32_reader.ts";
import { mapSource } from "../formats/support.ts";
import { failure, succeedOrFail } from "../support/failures.ts";
import { MIB, volumeOf } from "../support/fat_volumes.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

function bytes(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + seed * 97) % 251);
}

async function contentOf(volume: Fat32Volume, path: string): Promise<Uint8Array> {
  const file = volume.files.find((candidate) => candidate.path === path);
  assert.ok(file, path);
  const content = new Uint8Array(file.sizeBytes);
  let at = 0;
  for (const { offsetBytes, lengthBytes } of file.parts) {
    content.set(await readBytes(volume.source, offsetBytes, lengthBytes), at);
    at += lengthBytes;
  }
  return content;
}

/** A volume that mkfs.fat has formatted and mtools has filled. */
async function foreignVolume(
  files: Readonly<Record<string, Uint8Array>>,
  kib: number,
  ...mkfs: string[]
): Promise<Source> {
  using folder = new Folder();
  const image = folder.file("volume");
  const env = { LC_ALL: "C.UTF-8" };
  await mustRun("mkfs.fat", ["-F", "32", ...mkfs, "-C", image, `${kib}`]);
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split("/");
    for (let i = 1; i < parts.length; i++) {
      await mustRun("mmd", ["-D", "s", "-i", image, `::${parts.slice(0, i).join("/")}`], { env })
        .catch(() => {}); // it is there already
    }
    const source = folder.write("content", content);
    await mustRun("mcopy", ["-i", image, source, `::${path}`], { env });
  }
  return bytesSource("foreign", Deno.readFileSync(image));
}

const FILES = {
  "BOOT.CFG": bytes(1000, 1),
  "lower.txt": bytes(0, 2),
  "Mixed Case and Blanks.txt": bytes(70_000, 3),
  "Grüße aus 東京.txt": bytes(511, 4),
  "EFI/BOOT/BOOTX64.EFI": bytes(513, 5),
};

testWith(["mkfs.fat", "mcopy", "mmd"], "FAT32: reads what others have written", async (t) => {
  const variants = ["-s 1 -n FOREIGN", "-s 2 -n A_LABEL", "-s 1 -R 64", "-s 1 -f 1"];
  for (const mkfs of variants) {
    await t.step(mkfs, async () => {
      const kib = mkfs.startsWith("-s 2") ? 68_000 : 34_000;
      const source = await foreignVolume(FILES, kib, ...mkfs.split(" "));
      const volume = await readFat32(source, 0, source.sizeBytes);
      assert.deepEqual(volume.problems, []);
      assert.equal(volume.label, / -n (.*)/.exec(mkfs)?.[1] ?? "NO NAME");
      assert.deepEqual(volume.directories, ["EFI", "EFI/BOOT"]);
      assert.equal(volume.files.length, Object.keys(FILES).length);
      for (const [path, content] of Object.entries(FILES)) {
        assert.deepEqual(await contentOf(volume, path), content, path);
      }
    });
  }
});

testWith(["mkfs.fat", "mcopy", "mdel"], "FAT32: deleted entries and files in pieces", async () => {
  using folder = new Folder();
  const image = folder.file("volume");
  await mustRun("mkfs.fat", ["-F", "32", "-n", "PIECES", "-s", "1", "-C", image, "34000"]);
  const copy = (name: string, content: Uint8Array) =>
    mustRun("mcopy", ["-i", image, folder.write("content", content), `::${name}`]);
  const read = async () => {
    const source = bytesSource("volume", Deno.readFileSync(image));
    return await readFat32(source, 0, source.sizeBytes);
  };
  for (let i = 0; i < 6; i++) await copy(`a rather long name ${i}.v00`, bytes(2000, i));
  await copy("rest.v00", new Uint8Array((await read()).freeBytes - 512));
  for (const i of [1, 3]) await mustRun("mdel", ["-i", image, `::a rather long name ${i}.v00`]);
  await copy("pieces.v00", bytes(4500, 9)); // only where the others were, and behind the rest
  await mustRun("fsck.fat", ["-n", image]);
  const volume = await read();
  assert.deepEqual(volume.problems, []);
  assert.deepEqual(volume.files.map((file) => file.path).toSorted(), [
    ...[0, 2, 4, 5].map((i) => `a rather long name ${i}.v00`),
    "pieces.v00",
    "rest.v00",
  ]);
  const pieces = volume.files.find((file) => file.path === "pieces.v00");
  assert.equal(pieces?.parts.length, 3);
  assert.deepEqual(await contentOf(volume, "pieces.v00"), bytes(4500, 9));
});

Deno.test("FAT32: wherever it lies in its source, offsets are those of the source", async () => {
  const { map } = await volumeOf({ "a.v00": bytes(600, 1) });
  const shifted = blockMap(
    map.sizeBytes + 5 * MIB,
    map.extents.map((extent) => ({
      ...extent,
      offsetBytes: extent.offsetBytes + 5 * MIB,
    })),
  );
  const source = mapSource("disk", shifted);
  const volume = await readFat32(source, 5 * MIB, map.sizeBytes);
  assert.deepEqual(volume.problems, []);
  assert.deepEqual(await contentOf(volume, "a.v00"), bytes(600, 1));
});

Deno.test("FAT32: what is no FAT32 volume is refused", async () => {
  const refused = async (source: Source) =>
    await assert.rejects(
      readFat32(source, 0, source.sizeBytes),
      failure("not-image", /holds no FAT32 file system/),
    );
  await refused(bytesSource("zeros", new Uint8Array(4096)));
  await refused(bytesSource("noise", bytes(4096, 1)));
  await assert.rejects(
    readFat32(bytesSource("short", new Uint8Array(100)), 0, 100),
    failure("truncated"),
  );
  // One that is larger than its place.
  const { map } = await volumeOf({});
  const source = mapSource("volume", map);
  await assert.rejects(readFat32(source, 0, map.sizeBytes - MIB), failure("not-image"));
});

/** A volume whose numbers were changed, each a 32-bit or 16-bit one at a byte of its beginning. */
async function changedVolume(
  change: (view: DataView) => void,
): Promise<{ source: Source; clusters: number }> {
  const { map } = await volumeOf({ "a.v00": bytes(600, 1) });
  const head = new Uint8Array(32 * 512);
  await readBlocks(map, head, 0);
  const view = new DataView(head.buffer);
  const dataSectors = view.getUint32(32, true) - view.getUint16(14, true) -
    view.getUint8(16) * view.getUint32(36, true);
  change(view);
  const plain = mapSource("volume", map);
  const source: Source = {
    ...plain,
    async read(into, offsetBytes) {
      await plain.read(into, offsetBytes);
      if (offsetBytes < head.length) {
        into.set(head.subarray(offsetBytes, offsetBytes + into.length));
      }
    },
  };
  return { source, clusters: Math.floor(dataSectors / view.getUint8(13)) };
}

Deno.test("FAT32: FSInfo may name any cluster there is, or none, as the next free one", async () => {
  const { clusters } = await changedVolume(() => {});
  const problemsWith = async (next: number, count?: number) => {
    const { source } = await changedVolume((view) => {
      view.setUint32(512 + 492, next, true);
      if (count !== undefined) view.setUint32(512 + 488, count, true);
    });
    return (await readFat32(source, 0, source.sizeBytes)).problems;
  };
  // Clusters are numbered from 2 on (§3.5).
  assert.deepEqual(await problemsWith(clusters + 1), []);
  assert.deepEqual(await problemsWith(0xffffffff), []);
  assert.deepEqual(await problemsWith(0xffffffff, 0xffffffff), []);
  for (const next of [clusters + 2, 0xfffffffe]) {
    assert.deepEqual(await problemsWith(next), [
      `FAT: FSInfo names cluster ${next}, which does not exist`,
    ]);
  }
});

Deno.test("FAT32: a bad cluster is neither free nor lost, and no end of a chain", async () => {
  const { map } = await volumeOf({ "a.v00": bytes(600, 1), "b.v00": bytes(600, 2) });
  const image = new Uint8Array(map.sizeBytes);
  await readBlocks(map, image, 0);
  const view = new DataView(image.buffer);
  const fats = [0, 1].map((copy) =>
    (view.getUint16(14, true) + copy * view.getUint32(36, true)) * 512
  );
  const set = (cluster: number, value: number) =>
    fats.forEach((at) => view.setUint32(at + cluster * 4, value, true));
  const problems = async () => (await readFat32(bytesSource("x", image), 0, image.length)).problems;
  assert.deepEqual(await problems(), []);
  // One free cluster less, marked as bad, or as a file of one cluster that no directory names.
  view.setUint32(512 + 488, view.getUint32(512 + 488, true) - 1, true);
  set(1000, 0x0ffffff7);
  assert.deepEqual(await problems(), []);
  for (const value of [0x0ffffff8, 0x0fffffff, 0x0ffffff6]) {
    set(1000, value);
    assert.deepEqual(await problems(), ["FAT: 1 clusters belong to no file"]);
  }
  set(1000, 0x0ffffff7);
  // Whatever is at least 0x0ffffff8 ends a chain (§4); clusters of 512 bytes: a.v00 has two.
  const [a] = (await readFat32(bytesSource("x", image), 0, image.length)).files;
  const { geometry } = await readFat32(bytesSource("x", image), 0, image.length);
  assert.equal(geometry.clusterBytes, 512);
  const last = (a!.parts[0]!.offsetBytes - geometry.dataOffsetBytes) / 512 + 2 + 1;
  for (const value of [0x0ffffff8, 0xffffffff]) {
    set(last, value);
    assert.deepEqual(await problems(), []);
  }
  set(last, 0x0ffffff7);
  assert.match((await problems()).join(), /leads to cluster 268435447, which does not exist/);
});

Deno.test("FAT32: FSInfo and the copy of the boot sector lie before the FAT", async () => {
  for (const at of [48, 50]) {
    const withSector = async (past: number) => {
      const { source } = await changedVolume((view) =>
        view.setUint16(at, view.getUint16(14, true) + past, true)
      );
      return await readFat32(source, 0, source.sizeBytes);
    };
    await withSector(-1); // it says what is wrong with it, but reads on
    await assert.rejects(withSector(0), failure("not-image", /holds no FAT32 file system/));
  }
});

testWith(["mkfs.fat"], "FAT32: FAT12 and FAT16 are refused", async () => {
  for (const [bits, kib] of [["12", "2000"], ["16", "20000"]]) {
    using folder = new Folder();
    await mustRun("mkfs.fat", ["-F", bits!, "-C", folder.file("volume"), kib!]);
    const source = bytesSource("volume", Deno.readFileSync(folder.file("volume")));
    await assert.rejects(readFat32(source, 0, source.sizeBytes), failure("not-image"));
  }
});

/** A short entry, Microsoft FAT specification 1.03, §6. */
function shortEntry(name: string, attributes = 0x20, flags = 0, cluster = 5, size = 10) {
  const entry = new Uint8Array(32);
  entry.set(new TextEncoder().encode(name.padEnd(11)));
  entry[11] = attributes;
  entry[12] = flags;
  new DataView(entry.buffer).setUint16(26, cluster, true);
  new DataView(entry.buffer).setUint32(28, size, true);
  return entry;
}

/** A long entry, §7. */
function longEntry(order: number, text: string, checksum: number): Uint8Array {
  const entry = new Uint8Array(32);
  entry[0] = order;
  entry[11] = 0x0f;
  entry[13] = checksum;
  const units = [...text.padEnd(13, "\uffff")].map((unit) => unit.charCodeAt(0));
  if (text.length < 13) units[text.length] = 0;
  [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30].forEach((at, i) =>
    new DataView(entry.buffer).setUint16(at, units[i]!, true)
  );
  return entry;
}

/** §7.2, written another way than the reader does. */
function checksumOf(short: Uint8Array): number {
  let sum = 0;
  for (const byte of short.subarray(0, 11)) sum = (sum >> 1 | sum << 7 & 0x80) + byte & 0xff;
  return sum;
}

function directory(...entries: Uint8Array[]): Uint8Array {
  return Uint8Array.from(entries.flatMap((entry) => [...entry]));
}

Deno.test("directory: names of short entries, in the case that byte 12 says", () => {
  const names = (...entries: Uint8Array[]) =>
    parseDirectory(directory(...entries)).entries.map(({ name }) => name);
  assert.deepEqual(names(shortEntry("BOOT    CFG")), ["BOOT.CFG"]);
  assert.deepEqual(names(shortEntry("BOOT    CFG", 0x20, 0x08)), ["boot.CFG"]);
  assert.deepEqual(names(shortEntry("BOOT    CFG", 0x20, 0x10)), ["BOOT.cfg"]);
  assert.deepEqual(names(shortEntry("BOOT    CFG", 0x20, 0x18)), ["boot.cfg"]);
  // Other bits of that byte, and attributes that are not a label's, a folder's or a long name's.
  assert.deepEqual(names(shortEntry("BOOT    CFG", 0x20, 0xe7)), ["BOOT.CFG"]);
  assert.deepEqual(names(shortEntry("BOOT    CFG", 0x27)), ["BOOT.CFG"]);
  assert.deepEqual(names(shortEntry("BOOT    CFG", 0x0e)), []);
  assert.deepEqual(names(shortEntry("NOEXT")), ["NOEXT"]);
  assert.deepEqual(names(shortEntry("A B     C D")), ["A B.C D"]);
});

Deno.test("directory: ends at a zero, skips what is deleted", () => {
  const deleted = shortEntry("GONE");
  deleted[0] = 0xe5;
  const { entries, problems } = parseDirectory(
    directory(shortEntry("A"), deleted, shortEntry("B"), new Uint8Array(32), shortEntry("C")),
  );
  assert.deepEqual(entries.map(({ name }) => name), ["A", "B"]);
  assert.deepEqual(problems, []);
  assert.deepEqual(parseDirectory(new Uint8Array(0)).entries, []);
});

Deno.test("directory: label and links are no entries", () => {
  const found = parseDirectory(directory(
    shortEntry(".", 0x10, 0, 7, 0),
    shortEntry("..", 0x10, 0, 3, 0),
    shortEntry("MY LABEL", 0x08, 0, 0, 0),
    shortEntry("A"),
  ));
  assert.deepEqual(found.links, [7, 3]);
  assert.equal(found.label, "MY LABEL");
  assert.deepEqual(found.entries.map(({ name }) => name), ["A"]);
});

Deno.test("directory: long names of one to twenty parts", () => {
  const short = shortEntry("LONGNA~1V00");
  const sum = checksumOf(short);
  for (const length of [1, 12, 13, 14, 26, 27, 255]) {
    const name = "Länge 東京 ".repeat(40).slice(0, length - 1) + "x";
    const parts = Math.ceil(length / 13);
    const long = Array.from({ length: parts }, (_, i) => {
      const order = parts - i;
      return longEntry(order | (i === 0 ? 0x40 : 0), name.slice((order - 1) * 13, order * 13), sum);
    });
    const { entries, problems } = parseDirectory(directory(...long, short));
    assert.deepEqual(problems, []);
    assert.deepEqual(entries.map((entry) => entry.name), [name]);
  }
});

Deno.test("directory: long names that are damaged are told, and the short one used", () => {
  const short = shortEntry("LONGNA~1V00");
  const sum = checksumOf(short);
  const first = longEntry(0x42, "second part", sum);
  const second = longEntry(1, "first part 13", sum);
  const damaged: Uint8Array[][] = [
    [first, second, shortEntry("OTHER   V00")],
    [second, short],
    [first, short],
    [second, first, short],
    [first, longEntry(1, "first part 13", sum ^ 1), short],
    [longEntry(0x43, "second part", sum), second, short],
  ];
  for (const [i, list] of damaged.entries()) {
    const { entries, problems } = parseDirectory(directory(...list));
    // A part without the mark of the last one may still be a whole name by itself.
    if (i === 1) continue;
    assert.equal(entries.length, 1);
    assert.match(entries[0]!.name, /^(LONGNA~1|OTHER)\.V00$/);
    assert.match(problems[0]!, /the long name of \S+ is damaged/);
  }
});

Deno.test("FAT32: whatever is changed, it is read or refused", async () => {
  const { map } = await volumeOf({
    "a.v00": bytes(5000, 1),
    "Grüße aus 東京.txt": bytes(600, 2),
    "dir/deeper/b.v00": bytes(10, 3),
  });
  const clean = await readFat32(mapSource("volume", map), 0, map.sizeBytes);
  const { fatOffsetBytes, fatBytes } = clean.geometry;
  const places: (readonly [number, number])[] = [
    [0, 128],
    [512 + 484, 24],
    [fatOffsetBytes, 100],
    [fatOffsetBytes + fatBytes, 100],
    ...clean.directoryParts.map((part) => [part.offsetBytes, 256] as const),
  ];
  const place = fc.tuple(fc.constantFrom(...places), fc.nat(10_000))
    .map(([[offset, length], at]) => offset + at % length);
  const value = fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0xe5, 0xff), fc.nat(255));
  const changes = fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 8 });
  let problems = 0;
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const patches = list.map(([at, byte]) => ({ at, byte }));
      const source: Source = {
        ...mapSource("volume", map),
        read: async (into, offsetBytes) => {
          assert.ok(into.length < 4 * MIB, `${into.length} bytes at a time`);
          await mapSource("volume", map).read(into, offsetBytes);
          for (const { at, byte } of patches) {
            if (at >= offsetBytes && at < offsetBytes + into.length) into[at - offsetBytes] = byte;
          }
        },
      };
      const result = await succeedOrFail(() => readFat32(source, 0, map.sizeBytes));
      if (result instanceof Failure || result.problems.length > 0) problems++;
    }),
    { numRuns: 400 },
  );
  assert.ok(problems > 200, `${problems} were noticed`);
});
