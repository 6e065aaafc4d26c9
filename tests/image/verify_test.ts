import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { bytesSource, readBytes, type Source } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import { findFile } from "../../lib/blocks/file_tree.ts";
import { decodeLatin1, encodeLatin1 } from "../../lib/blocks/latin1.ts";
import { readImage } from "../../lib/image/image.ts";
import { verifyImage } from "../../lib/image/verify.ts";
import { buildGoodImage, isoInMemory, type Patches } from "../support/good_image.ts";
import { bootCfgText, moduleNames } from "../support/installer_iso.ts";

const SECTOR = 512;
const GOOD = await buildGoodImage();
const IMAGE = await readImage(GOOD.disk());
const { geometry } = IMAGE.volume;
const PARTITION = IMAGE.partition.firstLba * SECTOR;
const LAST_LBA = GOOD.map.sizeBytes / SECTOR - 1;
const END_OF_CHAIN = 0x0fffffff;

/** A change of an image: it collects what is to be different. */
class Change {
  readonly patches = new Map<number, Uint8Array>();
  readonly #disk = GOOD.disk(this.patches);

  async read(atBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return await readBytes(this.#disk, atBytes, lengthBytes);
  }

  write(atBytes: number, ...bytes: number[]): void {
    this.patches.set(atBytes, Uint8Array.from(bytes));
  }

  async flip(atBytes: number, mask = 1): Promise<void> {
    this.write(atBytes, (await this.read(atBytes, 1))[0]! ^ mask);
  }

  /** Changes a GPT header and sums it up again. */
  async header(lba: number, change: (view: DataView) => void): Promise<void> {
    const sector = await this.read(lba * SECTOR, SECTOR);
    const view = new DataView(sector.buffer);
    change(view);
    view.setUint32(16, 0, true);
    view.setUint32(16, crc32(sector.subarray(0, 92)), true);
    this.patches.set(lba * SECTOR, sector);
  }

  /** Changes both copies of the partition's entry, and sums them up again. */
  async entry(change: (view: DataView) => void): Promise<void> {
    const entries = await this.read(2 * SECTOR, 32 * SECTOR);
    change(new DataView(entries.buffer));
    this.patches.set(2 * SECTOR, entries);
    this.patches.set((LAST_LBA - 32) * SECTOR, entries);
    for (const lba of [1, LAST_LBA]) {
      await this.header(lba, (view) => view.setUint32(88, crc32(entries), true));
    }
  }

  /** Changes an entry of the FAT, in both of them or in one. */
  fat(cluster: number, value: number, copies: readonly number[] = [0, 1]): void {
    for (const copy of copies) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, value, true);
      const table = PARTITION + geometry.fatOffsetBytes + copy * geometry.fatBytes;
      this.patches.set(table + cluster * 4, bytes);
    }
  }

  /** Changes what is in a file, which keeps its size. */
  async edit(path: string, change: (text: string) => string): Promise<void> {
    const { parts: [part] } = file(path);
    const text = decodeLatin1(await this.read(part!.offsetBytes, part!.lengthBytes));
    const changed = change(text);
    assert.notEqual(changed, text);
    assert.ok(changed.length <= text.length);
    this.patches.set(part!.offsetBytes, encodeLatin1(changed.padEnd(text.length, "\n")));
  }
}

function file(path: string) {
  const found = findFile(IMAGE.volume, path);
  assert.ok(found, path);
  return found;
}

/** The first and the last cluster of a file. */
function clustersOf(path: string): [first: number, last: number] {
  const { parts: [part], sizeBytes } = file(path);
  const data = PARTITION + geometry.dataOffsetBytes;
  const first = (part!.offsetBytes - data) / geometry.clusterBytes + 2;
  return [first, first + Math.ceil(sizeBytes / geometry.clusterBytes) - 1];
}

/** Where the entry with a short name lies in its directory. */
async function entryOf(shortName: string): Promise<number> {
  for (const { offsetBytes, lengthBytes } of IMAGE.volume.directoryParts) {
    const text = decodeLatin1(await readBytes(GOOD.disk(), offsetBytes, lengthBytes));
    for (let at = 0; at < text.length; at += 32) {
      if (text.slice(at, at + 11) === shortName && text.charCodeAt(at + 11) !== 0x0f) {
        return offsetBytes + at;
      }
    }
  }
  assert.fail(`no entry ${shortName}`);
}

/** What is changed, and what must be said about it: all of this and nothing else. */
type Mutation = readonly [
  name: string,
  change: (change: Change) => void | Promise<void>,
  ...says: RegExp[],
];

const TEXT = "MOD00001.V00";
const MUTATIONS: readonly Mutation[] = [
  ["MBR: signature", (c) => c.flip(510), /MBR: it is not the protective one/],
  ["MBR: type of the record", (c) => c.flip(450), /MBR/],
  ["MBR: where it begins", (c) => c.flip(454), /MBR/],
  ["MBR: how long it is", (c) => c.flip(458), /MBR/],
  ["MBR: another partition", (c) => c.write(466, 0x80, 1, 2, 3, 0x0c), /MBR/],

  ["backup GPT: header", (c) => c.flip(LAST_LBA * SECTOR + 60), /of the backup header, its CRC/],
  ["backup GPT: no header", (c) => c.flip(LAST_LBA * SECTOR), /of the backup header, it has no/],
  ["backup GPT: behind the header", (c) => c.flip(LAST_LBA * SECTOR + 500), /behind it is not/],
  [
    "backup GPT: entries",
    (c) => c.flip((LAST_LBA - 32) * SECTOR + 56),
    /the backup entries do not/,
  ],
  [
    "backup GPT: another disk's",
    (c) => c.header(LAST_LBA, (view) => view.setUint8(56, view.getUint8(56) ^ 1)),
    /GPT: the two headers differ/,
  ],
  [
    "backup GPT: somewhere else",
    async (c) => {
      await c.header(1, (view) => view.setBigUint64(32, BigInt(LAST_LBA - 10), true));
    },
    /GPT: the backup header is at LBA \d+, not at the disk's end/,
    /MBR/,
  ],
  [
    "GPT: usable LBAs that leave the partition out",
    async (c) => {
      for (const lba of [1, LAST_LBA]) {
        await c.header(lba, (view) => view.setBigUint64(40, 4096n, true));
      }
    },
    /GPT: the partition EFI System Partition lies outside/,
  ],

  [
    "FAT: the boot sector's backup",
    (c) => c.flip(PARTITION + 6 * SECTOR + 3),
    /FAT: the boot sector and its backup differ/,
  ],
  [
    "FAT: its place",
    (c) => {
      for (const sector of [0, 6]) c.write(PARTITION + sector * SECTOR + 28, 0, 0, 0, 0);
    },
    /FAT: it says that 0 sectors precede it, not 2048/,
  ],
  [
    "FAT: the label in the boot sector",
    async (c) => {
      for (const sector of [0, 6]) await c.flip(PARTITION + sector * SECTOR + 71);
    },
    /FAT: the label in \/ is ESXI, in the boot sector DSXI/,
  ],
  ["FSInfo: mark", (c) => c.flip(PARTITION + SECTOR), /FAT: there is no FSInfo sector/],
  ["FSInfo: last mark", (c) => c.flip(PARTITION + SECTOR + 511), /FAT: there is no FSInfo sector/],
  ["FSInfo: count", (c) => c.flip(PARTITION + SECTOR + 488), /FAT: FSInfo counts \d+ free/],
  ["FSInfo: next", (c) => c.flip(PARTITION + SECTOR + 495), /FAT: FSInfo names cluster \d+/],

  [
    "second FAT: one entry",
    (c) => c.fat(clustersOf("B.B00")[0], 5, [1]),
    /FAT: the first FAT and copy 2 differ/,
  ],
  [
    "second FAT: an entry far from any file",
    (c) => c.fat(60_000, 1, [1]),
    /FAT: the first FAT and copy 2 differ/,
  ],
  [
    "both FATs: media byte",
    (c) => c.fat(0, 0x0ffffff0),
    /does not say that the volume is in order/,
  ],
  [
    "both FATs: not closed",
    (c) => c.fat(1, 0x07ffffff),
    /does not say that the volume is in order/,
  ],
  [
    "both FATs: a cluster that is lost",
    (c) => c.fat(60_000, END_OF_CHAIN),
    /1 clusters belong/,
    /FSInfo/,
  ],
  [
    "both FATs: cross-linked files",
    (c) => c.fat(clustersOf("B.B00")[1], clustersOf(TEXT)[0]),
    new RegExp(`/(B\\.B00|${TEXT}) is cross-linked at cluster ${clustersOf(TEXT)[0]}`),
    /\/(B\.B00|MOD00001\.V00) has \d+ bytes, its clusters hold \d+/,
    new RegExp(`/${TEXT} differs from the ISO's from byte 0 on`),
  ],
  [
    "both FATs: a chain that bites its tail",
    (c) => c.fat(clustersOf(TEXT)[1], clustersOf(TEXT)[0]),
    /\/MOD00001\.V00 is cross-linked/,
  ],
  [
    "both FATs: a chain that is cut",
    (c) => c.fat(clustersOf(TEXT)[0] + 2, END_OF_CHAIN),
    /\/MOD00001\.V00 has \d+ bytes, its clusters hold 1536/,
    /clusters belong to no file/,
    /\/MOD00001\.V00 differs from the ISO's from byte 1536 on/,
  ],
  [
    "both FATs: a chain that leads nowhere",
    (c) => c.fat(clustersOf(TEXT)[0] + 2, 0x0ff00000),
    /the chain of \/MOD00001\.V00 leads to cluster 267386880, which does not exist/,
    /\/MOD00001\.V00 has \d+ bytes/,
    /clusters belong to no file/,
    /\/MOD00001\.V00 differs/,
  ],
  [
    "both FATs: a chain into free space",
    (c) => c.fat(clustersOf(TEXT)[0] + 2, 0),
    /the chain of \/MOD00001\.V00 leads to cluster 0/,
    /\/MOD00001\.V00 has \d+ bytes/,
    /clusters belong to no file/,
    /FSInfo counts/,
    /\/MOD00001\.V00 differs/,
  ],
  [
    "both FATs: two clusters in the wrong order",
    (c) => {
      const [first] = clustersOf(TEXT);
      c.fat(first, first + 2);
      c.fat(first + 2, first + 1);
      c.fat(first + 1, first + 3);
    },
    /\/MOD00001\.V00 differs from the ISO's from byte 512 on/,
  ],

  [
    "directory: a file's size",
    async (c) => c.flip(await entryOf("B       B00") + 28),
    /\/B\.B00 has \d+ bytes, in the ISO \d+/,
  ],
  [
    "directory: a file of more than its clusters",
    async (c) => c.flip(await entryOf("B       B00") + 30),
    /\/B\.B00 has \d+ bytes, its clusters hold/,
    /\/B\.B00 has \d+ bytes, in the ISO/,
  ],
  [
    "directory: where a file begins",
    async (c) => {
      const [first] = clustersOf("B.B00");
      c.write(await entryOf("B       B00") + 26, (first + 1) & 0xff, (first + 1) >> 8);
    },
    /\/B\.B00 has \d+ bytes, its clusters hold/,
    /1 clusters belong to no file/,
    /\/B\.B00 differs from the ISO's from byte 0 on/,
  ],
  [
    "directory: a file without bytes that has a cluster",
    async (c) => c.write(await entryOf("EMPTY   TXT") + 21, 0x20),
    /the chain of \/EMPTY\.TXT leads to cluster 536870912/,
  ],
  [
    "directory: a file that is deleted",
    async (c) => c.write(await entryOf("B       B00"), 0xe5),
    /clusters belong to no file/,
    /names \/b\.b00, which it does not hold/,
    /\/B\.B00 is missing/,
  ],
  [
    "directory: a file of another name",
    async (c) => c.write(await entryOf("EMPTY   TXT"), 0x46),
    /\/EMPTY\.TXT is missing/,
  ],
  [
    "directory: a name that ends with the byte 0xA0",
    async (c) => c.write(await entryOf("EMPTY   TXT") + 5, 0xa0),
    /\/EMPTY\.TXT is missing/,
  ],
  [
    "directory: a folder of another name",
    async (c) => c.write(await entryOf("UPGRADE    "), 0x58),
    /\/UPGRADE is missing/,
    /\/UPGRADE\/METADATA\.XML is missing/,
  ],
  [
    "directory: a folder with a size",
    async (c) => c.write(await entryOf("EFI        ") + 28, 1),
    /in \/, the directory EFI has a size/,
  ],
  [
    "directory: label",
    async (c) => c.write(await entryOf("ESXI       "), 0x58),
    /the label in \/ is/,
  ],
  [
    "directory: a folder that does not know where it is",
    async (c) => c.flip(await entryOf(".          ") + 26),
    /\/\w+ does not say where it and its parent are/,
  ],
  [
    "directory: a folder that does not know its parent",
    async (c) => c.flip(await entryOf("..         ") + 26),
    /\/\w+ does not say where it and its parent are/,
  ],

  [
    "file: first byte",
    (c) => c.flip(file(TEXT).parts[0]!.offsetBytes),
    /V00 differs.*from byte 0 on/,
  ],
  [
    "file: last byte",
    (c) => c.flip(file(TEXT).parts[0]!.offsetBytes + file(TEXT).sizeBytes - 1),
    new RegExp(`${TEXT} differs from the ISO's from byte ${file(TEXT).sizeBytes - 1} on`),
  ],
  [
    "payload: a byte",
    (c) => c.flip(file("esxiimg.tgz").parts[0]!.offsetBytes + 100),
    /\/esxiimg\.tgz: the boot loader needs exactly one gzip member/,
  ],
  [
    "boot.cfg: no kickstart",
    (c) => c.edit("EFI/BOOT/BOOT.CFG", (text) => text.replace(/ ks=\S+/, "")),
    /\/EFI\/BOOT\/BOOT\.CFG: its kernel options do not name the kickstart once/,
  ],
  [
    "boot.cfg: another kickstart",
    (c) => c.edit("BOOT.CFG", (text) => text.replace("KS.CFG", "KX.CFG")),
    /\/BOOT\.CFG: its kernel options do not name the kickstart once/,
  ],
  [
    "boot.cfg: no payload",
    (c) => c.edit("EFI/BOOT/BOOT.CFG", (text) => text.replace(" --- /esxiimg.tgz", "")),
    /\/EFI\/BOOT\/BOOT\.CFG: it does not load \/esxiimg\.tgz/,
  ],
  [
    "boot.cfg: a module less",
    (c) => c.edit("BOOT.CFG", (text) => text.replace(" --- /k.b00", "")),
    /\/BOOT\.CFG: its modules changed/,
  ],
  [
    "boot.cfg: a kernel option less",
    (c) => c.edit("BOOT.CFG", (text) => text.replace(" cdromBoot", "")),
    /\/BOOT\.CFG: the kernel options cdromBoot are missing/,
  ],
  [
    "boot.cfg: another build",
    (c) => c.edit("BOOT.CFG", (text) => text.replace("build=8", "build=7")),
    /\/BOOT\.CFG: lines other than modules and kernelopt changed/,
  ],
  [
    "boot.cfg: a module that is not there",
    (c) => c.edit("BOOT.CFG", (text) => text.replace("/esxiimg.tgz", "/esxiimg.tgx")),
    /\/BOOT\.CFG names \/esxiimg\.tgx, which it does not hold/,
  ],
  [
    "boot.cfg: unreadable for the boot loader",
    (c) => c.edit("BOOT.CFG", (text) => text.replace("modules=", "module =").slice(0, text.length)),
    /\/BOOT\.CFG: the boot loader takes line \d+ for modules=|ignores line/,
  ],
];

Deno.test("verify: an image as it was built is right, and every file of the ISO compared", async () => {
  const seen: [number, number][] = [];
  const report = await verifyImage(GOOD.disk(), GOOD.iso, (...progress) => seen.push(progress));
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.addedFiles, ["esxiimg.tgz"]);
  // All files but the two boot.cfg, which are edited, and the payload.
  assert.equal(report.comparedFiles, IMAGE.volume.files.length - 3);
  assert.deepEqual(seen.at(-1), [report.comparedBytes, report.comparedBytes]);
  assert.deepEqual(seen, seen.toSorted(([a], [b]) => a - b));
});

for (const [name, change, ...says] of MUTATIONS) {
  Deno.test(`verify: ${name}`, async () => {
    const changes = new Change();
    await change(changes);
    assert.ok(changes.patches.size > 0);
    const { problems } = await verifyImage(GOOD.disk(changes.patches), GOOD.iso);
    for (const said of says) {
      assert.ok(problems.some((problem) => said.test(problem)), `${said} is said: ${problems}`);
    }
    const other = problems.filter((problem) => !says.some((said) => said.test(problem)));
    assert.deepEqual(other, []);
  });
}

/** Damage after which nothing else can be read. */
const FATAL: readonly (readonly [string, (change: Change) => void | Promise<void>, RegExp])[] = [
  ["primary GPT header", (c) => c.flip(SECTOR + 60), /of its GPT header, its CRC is wrong/],
  ["primary GPT entries", (c) => c.flip(2 * SECTOR), /the entries of its GPT do not match/],
  ["type of the partition", (c) => c.entry((v) => v.setUint8(0, 1)), /no EFI system partition/],
  [
    "a partition beyond the disk",
    (c) => c.entry((view) => view.setBigUint64(40, 2n ** 62n, true)),
    /lies outside the disk|truncated/,
  ],
  [
    "a partition that ends before it begins",
    (c) => c.entry((view) => view.setBigUint64(40, 5n, true)),
    /lies outside the disk/,
  ],
  ["boot sector", (c) => c.flip(PARTITION + 510), /holds no FAT32 file system/],
  ["cluster size", (c) => c.write(PARTITION + 13, 0), /holds no FAT32 file system/],
];

for (const [name, change, says] of FATAL) {
  Deno.test(`verify: ${name}: refused`, async () => {
    const changes = new Change();
    await change(changes);
    await assert.rejects(verifyImage(GOOD.disk(changes.patches), GOOD.iso), (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("verify: an image that is cut short says how much is missing", async () => {
  const disk = GOOD.disk();
  const cut = (sizeBytes: number): Source => ({ ...disk, sizeBytes });
  await assert.rejects(verifyImage(cut(disk.sizeBytes - 4096), GOOD.iso), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "truncated");
    assert.match(error.message, /4096 bytes are missing/);
    return true;
  });
});

Deno.test("verify: another ISO", async (t) => {
  const problemsWith = async (iso: Source, patches?: Patches) =>
    await verifyImage(GOOD.disk(patches), iso);
  await t.step("with one byte changed", async () => {
    const bytes = await readBytes(GOOD.iso, 0, GOOD.iso.sizeBytes);
    bytes[bytes.length - 5000]! ^= 1;
    const { problems } = await problemsWith(bytesSource("other.iso", bytes));
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /differs from the ISO's/);
  });
  await t.step("with a file more", async () => {
    const files = [{ path: "MORE.V00", content: new Uint8Array(10) }];
    const { problems } = await problemsWith(isoInMemory({ ...GOOD.options, files }));
    assert.deepEqual(problems, ["/MORE.V00 is missing"]);
  });
  await t.step("with a file less: what the image has besides is listed", async () => {
    const more = await buildGoodImage({
      ...GOOD.options,
      files: [{ path: "MORE.V00", content: new Uint8Array(10) }],
    });
    const { problems, addedFiles } = await verifyImage(more.disk(), GOOD.iso);
    assert.deepEqual(problems, []);
    assert.deepEqual(addedFiles.toSorted(), ["MORE.V00", "esxiimg.tgz"]);
  });
  await t.step("of another build, whatever else differs: one line", async () => {
    const bootCfg = bootCfgText(moduleNames(8)).replaceAll(
      "8.0.3-0.35.24280767",
      "7.0.3-0.0.19193900",
    );
    const loader = new TextEncoder().encode("MZ".padEnd(100_000, "other"));
    const one = [{ path: "EFI/BOOT/BOOTX64.EFI", content: loader }];
    for (const options of [{ modulesBytes: 50_000 }, { files: one }, { moduleCount: 9 }]) {
      const other = isoInMemory({ ...GOOD.options, bootCfg, ...options });
      const report = await verifyImage(GOOD.disk(), other);
      assert.deepEqual(report.problems, [
        "it was made from another ISO: it holds ESXi 8.0.3 build 24280767, the ISO ESXi 7.0.3 build 19193900",
      ]);
      assert.equal(report.isOtherIso, true);
    }
  });
  await t.step("of the same build for another processor: one line", async () => {
    const loader = "EFI/BOOT/BOOTAA64.EFI";
    const { problems } = await problemsWith(isoInMemory({ ...GOOD.options, loader }));
    assert.deepEqual(problems, [
      "it was made from another ISO: it holds ESXi 8.0.3 build 24280767, " +
      "the ISO ESXi 8.0.3 build 24280767 for arm64",
    ]);
  });
  await t.step("of the same build with other files: one line", async () => {
    const { problems } = await problemsWith(isoInMemory({ ...GOOD.options, modulesBytes: 50_000 }));
    assert.equal(problems.length, 1);
    assert.match(
      problems[0]!,
      /^it was made from another ISO: \d+ of the ISO's \d+ files are not in/,
    );
  });
  await t.step("a stick that forgets its second half is none of another ISO", async () => {
    const half = GOOD.map.sizeBytes / 2;
    const { dataOffsetBytes } = geometry;
    const from = PARTITION + dataOffsetBytes + 100_000;
    const zeros = new Map([[from, new Uint8Array(half - from > 0 ? half - from : 1)]]);
    const { problems } = await problemsWith(GOOD.iso, zeros);
    assert.ok(problems.length > 1);
    for (const problem of problems) assert.doesNotMatch(problem, /another ISO/);
  });
});
