import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bytesSource, readBytes } from "../../lib/blocks/extent.ts";
import type { TreeFile } from "../../lib/blocks/file_tree.ts";
import { FileSource } from "../../lib/host/files.ts";
import { type IsoVolume, readIso } from "../../lib/iso/volume.ts";
import { failure } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { type IsoInput, writeIso } from "../support/iso_writer.ts";
import { mustRun, testWith } from "../support/programs.ts";
import { readIsoTree, readTree, sorted, type Tree } from "../support/trees.ts";

/** Sizes around sectors, names of all kinds. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  "boot.cfg": new TextEncoder().encode("kernel=/b.b00\n"),
  "empty": new Uint8Array(0),
  "efi/boot/bootx64.efi": bytes(2048, 1),
  "efi/boot/boot.cfg": bytes(2047, 2),
  "upgrade/metadata.xml": bytes(2049, 3),
  "a/b.v00": bytes(1, 4),
  "noext": bytes(5000, 5),
};

function bytes(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + seed * 97) % 251);
}

function writeFiles(folder: Folder, files: Readonly<Record<string, Uint8Array>>): string {
  for (const [path, content] of Object.entries(files)) {
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    Deno.mkdirSync(folder.file(`files/${parent}`), { recursive: true });
    folder.write(`files/${path}`, content);
  }
  return folder.file("files");
}

/** Makes an ISO of a folder's files, as mkisofs would. */
async function makeIso(folder: Folder, ...args: string[]): Promise<void> {
  const label = ["-V", "ESXI-TEST"];
  const out = ["-o", folder.file("iso"), folder.file("files")];
  await mustRun("xorriso", ["-as", "mkisofs", "-quiet", ...label, ...args, ...out]);
}

async function withIso(folder: Folder, use: (volume: IsoVolume) => Promise<void>): Promise<void> {
  using file = FileSource.open(folder.file("iso"));
  await use(await readIso(file));
}

async function hashOf(volume: IsoVolume, file: TreeFile): Promise<string> {
  const hash = createHash("sha256");
  for (const { offsetBytes, lengthBytes } of file.parts) {
    hash.update(await readBytes(volume.source, offsetBytes, lengthBytes));
  }
  return hash.digest("hex");
}

/** What is in a volume, its paths as they are. */
async function treeOf(volume: IsoVolume): Promise<Tree> {
  const tree: Record<string, string> = {};
  for (const file of volume.files) {
    assert.equal(file.parts.reduce((sum, part) => sum + part.lengthBytes, 0), file.sizeBytes);
    tree[file.path] = await hashOf(volume, file);
  }
  return sorted(tree);
}

function treeOfFiles(
  files: Readonly<Record<string, Uint8Array>>,
  rename = (path: string) => path,
): Tree {
  return sorted(Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      rename(path),
      createHash("sha256").update(content).digest("hex"),
    ]),
  ));
}

testWith(["xorriso"], "ISO level 1 without Rock Ridge: 8.3 names, no version, no dot", async () => {
  using folder = new Folder();
  writeFiles(folder, FILES);
  await makeIso(folder, "-iso-level", "1", "--norock");
  await withIso(folder, async (volume) => {
    assert.equal(volume.names, "ISO 9660");
    assert.equal(volume.label, "ESXI-TEST");
    assert.deepEqual(await treeOf(volume), treeOfFiles(FILES, (path) => path.toUpperCase()));
    assert.deepEqual(volume.directories.toSorted(), ["A", "EFI", "EFI/BOOT", "UPGRADE"]);
    assert.deepEqual(volume.files.find(({ path }) => path === "EMPTY")?.parts, []);
  });
});

/** What no 8.3 name can hold. */
const LONG_NAMES: Readonly<Record<string, Uint8Array>> = {
  ...FILES,
  "Grüße aus 東京.txt": bytes(100, 6),
  "a name with blanks and two.dots.v00": bytes(200, 7),
  "Deep/er/Than Before/x": bytes(300, 8),
};

testWith(["xorriso"], "Rock Ridge and Joliet: the names of Rock Ridge count", async () => {
  using folder = new Folder();
  writeFiles(folder, LONG_NAMES);
  const longest = `${"n".repeat(251)}.v00`;
  folder.write(`files/${longest}`, bytes(10, 9));
  Deno.symlinkSync("boot.cfg", folder.file("files/link"));
  await makeIso(folder, "-R", "-J", "-joliet-long");
  await withIso(folder, async (volume) => {
    assert.equal(volume.names, "Rock Ridge");
    const expected = treeOfFiles({ ...LONG_NAMES, [longest]: bytes(10, 9) });
    assert.deepEqual(await treeOf(volume), expected); // a symbolic link is no file
    assert.deepEqual(
      volume.directories.toSorted(),
      ["Deep", "Deep/er", "Deep/er/Than Before", "a", "efi", "efi/boot", "upgrade"],
    );
  });
});

testWith(["xorriso"], "Joliet alone: its names", async () => {
  using folder = new Folder();
  writeFiles(folder, LONG_NAMES);
  await makeIso(folder, "-J", "--norock");
  await withIso(folder, async (volume) => {
    assert.equal(volume.names, "Joliet");
    assert.deepEqual(await treeOf(volume), treeOfFiles(LONG_NAMES));
  });
});

testWith(["xorriso"], "long names: continued behind the directory, all 255 bytes", async () => {
  using folder = new Folder();
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`${i}-${"ü".repeat(120)}`, bytes(i, i)]),
  );
  writeFiles(folder, files);
  await makeIso(folder, "-R");
  const image = new TextDecoder("latin1").decode(Deno.readFileSync(folder.file("iso")));
  assert.ok(image.includes("CE\x1c\x01"), "the names are continued elsewhere");
  await withIso(folder, async (volume) => {
    assert.deepEqual(await treeOf(volume), treeOfFiles(files));
  });
});

testWith(
  ["xorriso"],
  "deep directories: those that were moved are found in their place",
  async () => {
    using folder = new Folder();
    const files = {
      "1/2/3/4/5/6/7/8/9/10/11/12/deep.v00": bytes(3000, 1),
      "1/2/3/4/5/6/7/8/other/deep.v00": bytes(3000, 2),
      "1/2/3/near.v00": bytes(3000, 3),
    };
    writeFiles(folder, files);
    await makeIso(folder, "-R", "-rr_reloc_dir", "/rr_moved");
    const image = new TextDecoder("latin1").decode(Deno.readFileSync(folder.file("iso")));
    assert.ok(image.includes("CL\x0c\x01"), "directories were moved");
    await withIso(folder, async (volume) => {
      assert.deepEqual(await treeOf(volume), treeOfFiles(files));
      assert.equal(volume.directories.length, 13);
      assert.ok(!volume.directories.includes("rr_moved"), "their own place is not listed");
    });
  },
);

testWith(["xorriso"], "a thousand files: directories of many sectors", async () => {
  using folder = new Folder();
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`many/file-number-${i}.v00`, bytes(i % 7, i)]),
  );
  writeFiles(folder, files);
  for (const args of [["-R"], ["--norock", "-iso-level", "1"], ["--norock", "-J"]]) {
    await makeIso(folder, ...args);
    await withIso(folder, async (volume) => {
      assert.equal(volume.files.length, 1000);
      assert.equal(new Set(volume.files.map(({ path }) => path)).size, 1000);
      if (!args.includes("1")) assert.deepEqual(await treeOf(volume), treeOfFiles(files));
    });
  }
});

testWith(["xorriso", "sh"], "a file of more than 4 GiB: one file in parts", async () => {
  using folder = new Folder();
  writeFiles(folder, { "a.v00": bytes(5, 1) });
  const sizeBytes = 2 ** 32 + 5000;
  Deno.createSync(folder.file("files/huge")).close();
  Deno.truncateSync(folder.file("files/huge"), sizeBytes);
  // The directories come first: what follows is all zeros, and need not be written.
  const command = "xorriso -as mkisofs -quiet -iso-level 3 -R files | head -c 256K > iso";
  await mustRun("sh", ["-c", command], { cwd: folder.path });
  Deno.truncateSync(folder.file("iso"), sizeBytes + 512 * 1024);
  await withIso(folder, (volume) => {
    const huge = volume.files.find(({ path }) => path === "huge");
    assert.equal(huge?.sizeBytes, sizeBytes);
    assert.equal(huge.parts.length, 2);
    const [first, second] = huge.parts;
    assert.equal(second!.offsetBytes, first!.offsetBytes + first!.lengthBytes);
    assert.equal(first!.lengthBytes + second!.lengthBytes, sizeBytes);
    assert.equal(volume.files.length, 2);
    return Promise.resolve();
  });
});

/** ISOs that come with Debian's packages, made for other purposes: read where they are installed. */
for (
  const path of [
    "/usr/lib/ipxe/ipxe.iso",
    "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
    "/usr/lib/memtest86+/memtest86+x64.iso",
  ]
) {
  testWith([path, "xorriso"], `${path}: xorriso finds the same files`, async () => {
    using folder = new Folder();
    const tree = await readIsoTree(path, folder.file("out"));
    Deno.copyFileSync(path, folder.file("iso"));
    await withIso(folder, async (volume) => {
      const found = Object.entries(await treeOf(volume));
      const upper = found.map(([name, hash]) => [name.toUpperCase(), hash]);
      assert.deepEqual(sorted(Object.fromEntries(upper)), tree);
    });
  });
}

const OURS: readonly IsoInput[] = [
  ...Object.entries(FILES).map(([path, content]) => ({ path: path.toUpperCase(), content })),
  { path: "HOLE.V00", content: 10_000 },
  ...Array.from({ length: 150 }, (_, i) => ({ path: `MANY/M${i}.V00`, content: bytes(i, i) })),
];

testWith(["xorriso"], "our own writer of ISOs: xorriso reads what went in", async () => {
  using folder = new Folder();
  writeIso(folder.file("iso"), "ESXI-TEST", OURS);
  const extract = ["-osirrox", "on", "-indev", folder.file("iso"), "-extract", "/"];
  const { stderr } = await mustRun("xorriso", [...extract, folder.file("out")]);
  assert.doesNotMatch(stderr, /WARNING|SORRY|FAILURE/);
  assert.match(stderr, /Volume id +: 'ESXI-TEST'/);
  await mustRun("chmod", ["-R", "u+rwX", folder.file("out")]);
  const inputs = OURS.map(({ path, content }) => [
    path,
    typeof content === "number" ? new Uint8Array(content) : content,
  ]);
  assert.deepEqual(await readTree(folder.file("out")), treeOfFiles(Object.fromEntries(inputs)));
});

Deno.test("our own writer of ISOs: we read what went in", async () => {
  using folder = new Folder();
  writeIso(folder.file("iso"), "ESXI-TEST", OURS);
  await withIso(folder, async (volume) => {
    assert.equal(volume.names, "ISO 9660");
    assert.equal(volume.label, "ESXI-TEST");
    assert.equal(volume.declaredBytes, volume.source.sizeBytes);
    assert.equal(volume.createdMs, Date.UTC(2024, 8, 23, 12));
    assert.deepEqual(Object.keys(await treeOf(volume)), OURS.map(({ path }) => path).toSorted());
    // Parents come first, and files in the order of their bytes.
    const offsets = volume.files.flatMap(({ parts }) => parts.map((part) => part.offsetBytes));
    assert.equal(new Set(offsets).size, offsets.length);
    for (const path of volume.directories) {
      const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
      const before = volume.directories.slice(0, volume.directories.indexOf(path));
      assert.ok(parent === "" || before.includes(parent));
    }
  });
});

Deno.test("dates: with their offset from UTC; what is none is left out", async () => {
  using folder = new Folder();
  writeIso(folder.file("iso"), "X", OURS);
  const image = Deno.readFileSync(folder.file("iso"));
  const dateOf = async (text: string, quarters = 0) => {
    const changed = image.slice();
    const date = 16 * 2048 + 813;
    changed.set(new TextEncoder().encode(text), date);
    new DataView(changed.buffer).setInt8(date + 16, quarters);
    return (await readIso(bytesSource("iso", changed))).createdMs;
  };
  assert.equal(await dateOf("2024022923595900"), Date.UTC(2024, 1, 29, 23, 59, 59));
  assert.equal(await dateOf("2024010203040500", 4), Date.UTC(2024, 0, 2, 2, 4, 5));
  assert.equal(await dateOf("2024010203040500", -20), Date.UTC(2024, 0, 2, 8, 4, 5));
  for (
    const none of ["0000000000000000", "                ", "1979123123595900", "20240102x3040500"]
  ) {
    assert.equal(await dateOf(none), undefined);
  }
});

Deno.test("what is no ISO is refused, an empty file by name", async () => {
  const refused = (content: Uint8Array, message: RegExp) =>
    assert.rejects(readIso(bytesSource("x.iso", content)), failure("not-iso", message));
  await refused(new Uint8Array(0), /x\.iso: the file is empty/);
  await refused(new Uint8Array(1), /not an ISO 9660 image/);
  await refused(new Uint8Array(100_000), /not an ISO 9660 image/);
  await refused(bytes(100_000, 1), /not an ISO 9660 image/);
});
