import assert from "node:assert/strict";
import { bytesSource } from "../../lib/blocks/extent.ts";
import { findFile, parentFolders, readSmallFile } from "../../lib/blocks/file_tree.ts";
import { failure } from "../support/failures.ts";
import { memoryTree } from "../support/memory_tree.ts";

Deno.test("file tree: files are found whatever their case, by their whole path", () => {
  const tree = memoryTree({ "EFI/BOOT/BOOT.CFG": "a", "boot.cfg": "b" });
  assert.equal(findFile(tree, "efi/boot/boot.cfg")?.path, "EFI/BOOT/BOOT.CFG");
  assert.equal(findFile(tree, "BOOT.CFG")?.path, "boot.cfg");
  assert.equal(findFile(tree, "EFI/BOOT"), undefined);
  assert.equal(findFile(tree, "/BOOT.CFG"), undefined);
});

Deno.test("file tree: a small file is read part by part, a large one is not", async () => {
  const source = bytesSource("x.iso", new TextEncoder().encode("..world..hello.."));
  const file = {
    path: "A.TXT",
    sizeBytes: 10,
    parts: [{ offsetBytes: 9, lengthBytes: 5 }, { offsetBytes: 2, lengthBytes: 5 }],
  };
  const tree = { source, label: "", directories: [], files: [file] };
  assert.equal(new TextDecoder().decode(await readSmallFile(tree, file, 10)), "helloworld");
  await assert.rejects(
    readSmallFile(tree, file, 9),
    failure("not-installer", /x\.iso: \/A\.TXT has 10 bytes/),
  );
});

Deno.test("file tree: the folders above a path, the outermost first", () => {
  assert.deepEqual(parentFolders("a/b/c.txt"), ["a", "a/b"]);
  assert.deepEqual(parentFolders("c.txt"), []);
});
