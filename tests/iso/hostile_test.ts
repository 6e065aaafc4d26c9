import fc from "fast-check";
import assert from "node:assert/strict";
import type { Source } from "../../lib/blocks/extent.ts";
import { Failure, type FailureCode } from "../../lib/blocks/failure.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { failure, succeedOrFail } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { isoBytes } from "../support/iso_writer.ts";
import { mustRun, testWith } from "../support/programs.ts";

const SECTOR = 2048;
const DESCRIPTOR = 16 * SECTOR;
/** Where the root's record lies in the descriptor. */
const ROOT = DESCRIPTOR + 156;
/** No reader of directories needs more at a time. */
const MAX_READ_BYTES = 33 * 1024 * 1024;

/** An ISO in memory, of any size: what lies behind its bytes is zero. */
function source(bytes: Uint8Array, sizeBytes = bytes.length): Source & { totalBytes: number } {
  return {
    name: "hostile.iso",
    sizeBytes,
    totalBytes: 0,
    read(into, offsetBytes) {
      assert.ok(offsetBytes >= 0 && offsetBytes + into.length <= sizeBytes, "read past the end");
      assert.ok(into.length <= MAX_READ_BYTES, `${into.length} bytes in memory`);
      this.totalBytes += into.length;
      into.fill(0);
      if (offsetBytes < bytes.length) {
        into.set(bytes.subarray(offsetBytes, offsetBytes + into.length));
      }
      return Promise.resolve();
    },
  };
}

const content = (length: number) => new Uint8Array(length).fill(65);
const PLAIN = isoBytes("HOSTILE", [
  { path: "BOOT.CFG", content: content(100) },
  { path: "EFI/BOOT/BOOT.CFG", content: content(3000) },
  { path: "EFI/BOOT/BOOTX64.EFI", content: content(10) },
  { path: "LAST.V00", content: content(5000) },
]);

/** Where the record of a name begins. */
function recordOf(image: Uint8Array, name: string): number {
  const wanted = new TextEncoder().encode(name);
  for (let at = 18 * SECTOR; at < image.length; at++) {
    if (
      image[at + 32] === wanted.length && wanted.every((byte, i) => image[at + 33 + i] === byte)
    ) {
      return at;
    }
  }
  throw new RangeError(`Cannot find ${name}`);
}

function set32(image: Uint8Array, at: number, value: number): void {
  const view = new DataView(image.buffer);
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
}

function get32(image: Uint8Array, at: number): number {
  return new DataView(image.buffer).getUint32(at, true);
}

/** Changes a copy of the plain ISO, which must then be refused. */
async function refuse(
  code: FailureCode,
  message: RegExp,
  change: (image: Uint8Array) => Uint8Array | void,
): Promise<void> {
  const copy = PLAIN.slice();
  await assert.rejects(readIso(source(change(copy) ?? copy)), failure(code, message));
}

Deno.test("a directory that contains itself, its parent or the root", async () => {
  await refuse("damaged-iso", /the directory \/EFI\/BOOT contains itself/, (image) => {
    set32(image, recordOf(image, "BOOT") + 2, get32(image, recordOf(image, "EFI") + 2));
  });
  await refuse("damaged-iso", /contains itself/, (image) => {
    set32(image, recordOf(image, "BOOT") + 2, get32(image, ROOT + 2));
  });
  await refuse("damaged-iso", /contains itself/, (image) => {
    set32(image, recordOf(image, "EFI") + 2, get32(image, ROOT + 2));
  });
});

Deno.test("extents past the end: of the volume, or of what is left of it", async () => {
  await refuse("damaged-iso", /\/LAST\.V00 reaches past the end of the volume/, (image) => {
    set32(image, recordOf(image, "LAST.V00;1") + 2, 0xfffffff0);
  });
  await refuse("damaged-iso", /\/BOOT\.CFG reaches past the end/, (image) => {
    set32(image, recordOf(image, "BOOT.CFG;1") + 10, 0xffffffff);
  });
  await refuse("damaged-iso", /the directory \/EFI reaches past/, (image) => {
    set32(image, recordOf(image, "EFI") + 2, 1_000_000);
  });
  // Cut in the middle of the last file: the message says how much is missing.
  await refuse(
    "truncated",
    /3096 of \d+ bytes are missing, and \/LAST\.V00 needs them/,
    (image) => image.slice(0, image.length - 3096),
  );
});

Deno.test("what nothing needs may be missing", async () => {
  const unused = 3 * SECTOR - 5000;
  const { files } = await readIso(source(PLAIN.slice(0, PLAIN.length - unused)));
  assert.equal(files.length, 4);
});

Deno.test("declared sizes: no memory is taken for them", async () => {
  const sizeBytes = 5 * 2 ** 30;
  const big = (image: Uint8Array, field: number, value: number) => {
    set32(image, DESCRIPTOR + 80, sizeBytes / SECTOR);
    set32(image, field, value);
    return source(image, sizeBytes);
  };
  for (const lengthBytes of [0x7fffffff, 0xffffffff, 2 ** 30, 32 * 2 ** 20 + 1]) {
    const root = big(PLAIN.slice(), ROOT + 10, lengthBytes);
    await assert.rejects(readIso(root), failure("damaged-iso", /more than any/));
    const copy = PLAIN.slice();
    const child = big(copy, recordOf(copy, "EFI") + 10, lengthBytes);
    await assert.rejects(readIso(child), failure("damaged-iso", /the directory \/EFI has/));
  }
  // A file may be as large as the disk allows, for it is not read.
  const copy = PLAIN.slice();
  const huge = big(copy, recordOf(copy, "LAST.V00;1") + 10, 0xffffffff);
  const { files } = await readIso(huge);
  assert.equal(files.find(({ path }) => path === "LAST.V00")?.sizeBytes, 0xffffffff);
  assert.ok(huge.totalBytes < 100_000);
});

Deno.test("both byte orders must agree", async () => {
  for (const field of [DESCRIPTOR + 80, ROOT + 2, ROOT + 10]) {
    await refuse("damaged-iso", /two byte orders/, (image) => {
      image[field + 7]! ^= 1;
    });
  }
  await refuse("damaged-iso", /two byte orders/, (image) => {
    image[recordOf(image, "BOOT.CFG;1") + 3]! ^= 0x10;
  });
});

Deno.test("names that lead elsewhere", async () => {
  for (const name of ["..", ".", "A/B", "/", "\\", "\0\0", "B\\C", ""]) {
    await refuse("damaged-iso", /cannot be a file name/, (image) => {
      const at = recordOf(image, "LAST.V00;1");
      image[at + 32] = name.length;
      image.set(new TextEncoder().encode(name), at + 33);
    });
  }
});

Deno.test("records: cut short, of no size, without a name", async () => {
  for (const lengthBytes of [1, 33, 34, 42]) { // this one has a name of 10 characters
    await refuse("damaged-iso", /a directory record is cut short/, (image) => {
      image[recordOf(image, "LAST.V00;1")] = lengthBytes;
    });
  }
  await refuse("damaged-iso", /a directory record is cut short/, (image) => {
    image[recordOf(image, "LAST.V00;1") + 32] = 255;
  });
  await refuse("damaged-iso", /a directory record is cut short/, (image) => {
    image[ROOT] = 10;
  });
  for (const lengthBytes of [0, 1, 33]) {
    await refuse("damaged-iso", /the directory \/EFI is empty/, (image) => {
      set32(image, recordOf(image, "EFI") + 10, lengthBytes);
    });
  }
});

Deno.test("interleaved files, and files whose last part is missing", async () => {
  await refuse("damaged-iso", /\/LAST\.V00 is interleaved/, (image) => {
    image[recordOf(image, "LAST.V00;1") + 26] = 1;
  });
  await refuse("damaged-iso", /the last part of \/LAST\.V00 is missing/, (image) => {
    image[recordOf(image, "LAST.V00;1") + 25]! |= 0x80;
  });
  // Another file's record does not end it.
  await refuse("damaged-iso", /the last part of \/EFI\/BOOT\/BOOT\.CFG is missing/, (image) => {
    const folder = get32(image, recordOf(image, "BOOT") + 2) * SECTOR;
    const first = folder + 2 * 34;
    assert.equal(image[first + 32], "BOOT.CFG;1".length);
    image[first + 25]! |= 0x80;
  });
});

Deno.test("logical blocks of another size", async () => {
  await refuse("damaged-iso", /not 2048 bytes/, (image) => {
    new DataView(image.buffer).setUint16(DESCRIPTOR + 128, 512, true);
  });
});

Deno.test("cut at every structure: refused, or complete without the rest", async () => {
  const cuts = [0, 1, 15 * SECTOR, DESCRIPTOR, DESCRIPTOR + 1, 17 * SECTOR - 1, 17 * SECTOR];
  for (let at = 17 * SECTOR; at <= PLAIN.length; at += 512) cuts.push(at - 1, at, at + 1);
  for (const cut of cuts) {
    const result = await succeedOrFail(() => readIso(source(PLAIN.slice(0, cut))));
    if (result instanceof Failure) {
      const code = cut < 17 * SECTOR ? "not-iso" : "truncated";
      assert.equal(result.code, code, `cut at ${cut}: ${result.message}`);
    } else {
      assert.ok(cut >= PLAIN.length - SECTOR, `cut at ${cut}`);
    }
  }
});

/** An ISO with every Rock Ridge field, and Joliet. */
async function rockRidgeIso(folder: Folder): Promise<Uint8Array> {
  const files = folder.file("files");
  const deep = "1/2/3/4/5/6/7/8/9/10";
  Deno.mkdirSync(`${files}/${deep}`, { recursive: true });
  folder.write(`files/${deep}/deep.v00`, "deep");
  for (let i = 0; i < 4; i++) folder.write(`files/${i}${"n".repeat(240)}`, "long");
  folder.write("files/short", "short");
  Deno.symlinkSync("short", `${files}/link`);
  const args = ["-R", "-J", "-rr_reloc_dir", "/rr_moved", "-no-pad", "-o", folder.file("iso")];
  await mustRun("xorriso", ["-as", "mkisofs", "-quiet", ...args, files]);
  return Deno.readFileSync(folder.file("iso"));
}

/** Where a system use field begins whose first bytes are these. */
function fieldsOf(
  image: Uint8Array,
  signature: string,
  lengthBytes: number,
): [number, ...number[]] {
  const found: number[] = [];
  for (let at = 18 * SECTOR; at < image.length - 4; at++) {
    if (
      image[at] === signature.charCodeAt(0) && image[at + 1] === signature.charCodeAt(1) &&
      image[at + 2] === lengthBytes && image[at + 3] === 1
    ) found.push(at);
  }
  const [first, ...rest] = found;
  assert.ok(first !== undefined, `there is a ${signature} of ${lengthBytes} bytes`);
  return [first, ...rest];
}

/** An ISO of one directory, with records as they are given behind the root's own. */
function isoOf(rootUse: readonly number[], ...records: readonly Uint8Array[]): Uint8Array {
  const image = PLAIN.slice();
  const root = 18 * SECTOR;
  const contents = [recordFor("\0", root / SECTOR, SECTOR, rootUse, 2), ...records];
  image.fill(0, root, root + SECTOR);
  let at = root;
  for (const record of contents) {
    image.set(record, at);
    at += record.length;
  }
  image.set(recordFor("\0", root / SECTOR, SECTOR, [], 2), ROOT);
  return image;
}

/** ECMA-119 §9.1. */
function recordFor(
  name: string,
  sector: number,
  lengthBytes: number,
  use: readonly number[] = [],
  flags = 0,
): Uint8Array {
  const paddedBytes = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const record = new Uint8Array(paddedBytes + use.length);
  record[0] = record.length;
  set32(record, 2, sector);
  set32(record, 10, lengthBytes);
  record[25] = flags;
  record[32] = name.length;
  record.set(new TextEncoder().encode(name), 33);
  record.set(use, paddedBytes);
  return record;
}

const SP = [0x53, 0x50, 7, 1, 0xbe, 0xef, 0];
const nameField = (name: string) => [0x4e, 0x4d, 5 + name.length, 1, 0, ...encode(name)];
const encode = (text: string) => [...new TextEncoder().encode(text)];

Deno.test("Rock Ridge behind CD-ROM XA's fields", async () => {
  const xa = Array(14).fill(0x58);
  const skip14 = [...SP.slice(0, 6), 14];
  const record = recordFor("FILE.;1", 20, 10, [...xa, ...nameField("a long name")]);
  const volume = await readIso(source(isoOf([...xa, ...skip14], record)));
  assert.equal(volume.names, "Rock Ridge");
  assert.deepEqual(volume.files.map(({ path }) => path), ["a long name"]);
});

Deno.test("Rock Ridge: names in parts, flags, and what ends the fields", async () => {
  const [use, special, stop, unknown] = [
    [...nameField("first, "), ...nameField("second")],
    [0x4e, 0x4d, 6, 1, 0x02, 0x2e, ...nameField("name")], // "." by a flag, which is no name
    [...nameField("name"), 0x53, 0x54, 4, 1, ...nameField("unseen")], // ST
    [0x5a, 0x5a, 4, 1, ...nameField("name"), 0x4e, 0x4d, 3], // one unknown, one cut short
  ];
  const records = [use, special, stop, unknown].map((use, i) => recordFor(`${i}.;1`, 20, 10, use));
  const { files } = await readIso(source(isoOf(SP, ...records)));
  assert.deepEqual(files.map(({ path }) => path), ["first, second", "name", "name", "name"]);
});

Deno.test("a relocated directory in two places", async () => {
  const child = new Uint8Array(12);
  child.set([0x43, 0x4c, 12, 1]);
  set32(child, 4, 18); // the root itself, whose record is a sound one
  const records = ["A", "B"].map((name) =>
    recordFor(`${name}.;1`, 20, 0, [...nameField(name), ...child])
  );
  await assert.rejects(
    readIso(source(isoOf(SP, ...records))),
    failure("damaged-iso", /a relocated directory has two places/),
  );
});

Deno.test("files that overlap: a few may be hard links, many are an attack", async () => {
  const all = (count: number) =>
    isoOf(
      [],
      ...Array.from({ length: count }, (_, i) => recordFor(`F${i}.V00;1`, 0, PLAIN.length)),
    );
  assert.equal((await readIso(source(all(8)))).files.length, 8);
  await assert.rejects(readIso(source(all(9))), failure("damaged-iso", /its files overlap/));
});

Deno.test("directories are nested up to 64 deep, paths have up to 1,024 characters", async () => {
  const read = async (path: string) =>
    await readIso(source(isoBytes("TEST", [{ path, content: content(10) }])));
  const folders = (count: number, name: string) => Array.from({ length: count }, () => name);
  const deepest = [...folders(64, "D"), "F"].join("/");
  assert.deepEqual((await read(deepest)).files.map(({ path }) => path), [deepest]);
  await assert.rejects(
    read([...folders(65, "D"), "F"].join("/")),
    failure("damaged-iso", /nested more than 64 deep/),
  );
  const longest = [...folders(63, "D".repeat(15)), "F".repeat(16)].join("/");
  assert.equal(longest.length, 1024);
  assert.deepEqual((await read(longest)).files.map(({ path }) => path), [longest]);
  await assert.rejects(read(`${longest}F`), failure("damaged-iso", /has 1025 characters/));
});

Deno.test("names as 8.3 records have them", async () => {
  const records = ["A.;1", "B.C;12", "C", "D.E", "E.;", "F;1;2"].map((name, i) =>
    recordFor(name, 20, i)
  );
  const { files } = await readIso(source(isoOf([], ...records)));
  assert.deepEqual(files.map(({ path }) => path), ["A", "B.C", "C", "D.E", "E", "F;1"]);
});

testWith(["xorriso"], "Rock Ridge: hostile fields", async (t) => {
  using folder = new Folder();
  const image = await rockRidgeIso(folder);
  const read = (change: (copy: Uint8Array) => void) => {
    const copy = image.slice();
    change(copy);
    return readIso(source(copy));
  };
  const names = (files: readonly { path: string }[]) => files.map(({ path }) => path);
  assert.equal((await read(() => {})).names, "Rock Ridge");

  await t.step("a continuation area that continues in itself", async () => {
    const [, ce] = fieldsOf(image, "CE", 28); // the first is of the root itself
    const loop = read((copy) => {
      const area = get32(copy, ce! + 4) * SECTOR + get32(copy, ce! + 12);
      copy.copyWithin(area, ce!, ce! + 28);
    });
    await assert.rejects(loop, failure("damaged-iso", /form a loop|overlap/));
  });

  await t.step("a continuation area past the end, or larger than any", async () => {
    for (const [field, value] of [[4, 0x00ffffff], [20, 0x7fffffff], [20, 0x10001], [12, 1e9]]) {
      const past = read((copy) => set32(copy, fieldsOf(image, "CE", 28)[1]! + field!, value!));
      await assert.rejects(past, failure("damaged-iso", /a continuation area/));
    }
  });

  await t.step("names that lead elsewhere", async () => {
    const [nm] = fieldsOf(image, "NM", 10); // "short"
    for (const name of ["../../", "a/b/c", "..\0\0\0", "\\evil"]) {
      const bad = read((copy) => {
        copy[nm + 2] = 5 + name.length;
        copy.set(new TextEncoder().encode(name), nm + 5);
      });
      await assert.rejects(bad, failure("damaged-iso", /cannot be a file name/));
    }
    for (const [length, name] of [[7, ".."], [6, "."]] as const) {
      const bad = read((copy) => {
        copy[nm + 2] = length;
        copy.set(new TextEncoder().encode(name + "ST\x04\x01"), nm + 5);
      });
      await assert.rejects(bad, failure("damaged-iso", /cannot be a file name/));
    }
  });

  await t.step("a byte order mark in a name is a part of it", async () => {
    const [nm] = fieldsOf(image, "NM", 10);
    const { files } = await read((copy) => copy.set([0xef, 0xbb, 0xbf], nm + 5));
    assert.ok(names(files).includes("\ufeffrt"));
  });

  await t.step("a moved directory that is the root, or nowhere", async () => {
    const [cl] = fieldsOf(image, "CL", 12);
    const root = read((copy) => set32(copy, cl + 4, get32(copy, ROOT + 2)));
    await assert.rejects(root, failure("damaged-iso", /contains itself/));
    const nowhere = read((copy) => set32(copy, cl + 4, 0xffffffff));
    await assert.rejects(nowhere, failure("damaged-iso", /a relocated directory reaches past/));
    const zeros = read((copy) => set32(copy, cl + 4, 0));
    await assert.rejects(zeros, failure("damaged-iso", /record is cut short/));
  });

  await t.step("long chains of continuation areas are not followed for every record", async () => {
    // 64 areas of 64 KiB, and 2,000 records that begin with the first of them.
    const areas = 64;
    const areaBytes = 64 * 1024;
    const records = 2000;
    const rootBytes = (1 + Math.ceil(records / 30)) * SECTOR;
    const large = new Uint8Array(18 * SECTOR + rootBytes + areas * areaBytes);
    large.set(PLAIN.subarray(0, 18 * SECTOR));
    const areasAt = 18 * SECTOR + rootBytes;
    set32(large, DESCRIPTOR + 80, large.length / SECTOR);
    const record = (at: number, name: number, use: readonly number[]) => {
      large.set([33 + 1 + use.length], at);
      large.set([1, name, ...use], at + 32);
      set32(large, at + 2, 18);
      set32(large, at + 10, name === 0 ? rootBytes : 0);
    };
    const continued = (area: number) => {
      const field = new Uint8Array(28);
      field.set([0x43, 0x45, 28, 1]);
      set32(field, 4, areasAt / SECTOR + area * areaBytes / SECTOR);
      set32(field, 20, areaBytes);
      return [...field];
    };
    record(ROOT, 0, []);
    record(18 * SECTOR, 0, [0x53, 0x50, 7, 1, 0xbe, 0xef, 0]);
    for (let i = 0; i < records; i++) {
      const at = (19 + Math.floor(i / 30)) * SECTOR + i % 30 * 62;
      record(at, 65, continued(0));
    }
    for (let i = 0; i < areas - 1; i++) large.set(continued(i + 1), areasAt + i * areaBytes);
    const hostile = source(large);
    await assert.rejects(readIso(hostile), failure("damaged-iso"));
    assert.ok(hostile.totalBytes < 3 * large.length, `${hostile.totalBytes} bytes were read`);
  });
});

/** Values that break assumptions more often than others. */
const value = fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff, 33, 34), fc.nat(255));

async function mutate(image: Uint8Array, structuresBytes: number, numRuns: number): Promise<void> {
  const place = fc.oneof(
    fc.integer({ min: DESCRIPTOR, max: DESCRIPTOR + 200 }),
    fc.integer({ min: 17 * SECTOR, max: structuresBytes - 1 }),
  );
  const changes = fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 6 });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(changes, fc.boolean(), async (list, isWord) => {
      const copy = image.slice();
      for (const [at, byte] of list) {
        // Whole numbers in both orders, or single bytes.
        if (isWord && at + 8 < copy.length) set32(copy, at, byte);
        else copy[at] = byte;
      }
      const hostile = source(copy);
      const result = await succeedOrFail(() => readIso(hostile));
      assert.ok(hostile.totalBytes <= 4 * image.length + 64 * SECTOR);
      if (result instanceof Failure) {
        refused++;
        assert.ok(["not-iso", "damaged-iso", "truncated"].includes(result.code), result.message);
      } else {
        for (const { path, parts } of result.files) {
          assert.ok(path.split("/").every((name) => !["", ".", ".."].includes(name)), path);
          for (const { offsetBytes, lengthBytes } of parts) {
            assert.ok(offsetBytes + lengthBytes <= copy.length);
          }
        }
      }
    }),
    { numRuns },
  );
  assert.ok(refused > numRuns / 20, `only ${refused} were refused`);
}

Deno.test("whatever is changed: read or refused, plain ISO", async () => {
  await mutate(PLAIN, 24 * SECTOR, 1500);
});

testWith(["xorriso"], "whatever is changed: read or refused, Rock Ridge and Joliet", async () => {
  using folder = new Folder();
  const image = await rockRidgeIso(folder);
  await mutate(image, image.length, 1500);
  // Without its mark the same image is Joliet.
  const [sp] = fieldsOf(image, "SP", 7);
  image[sp] = 0;
  assert.equal((await readIso(source(image))).names, "Joliet");
  await mutate(image, image.length, 500);
});
