import assert from "node:assert/strict";
import { checkFatNames, foldCase } from "../../lib/disk/fat_names.ts";
import { failure } from "../support/failures.ts";

function refused(paths: readonly string[], message: RegExp): void {
  assert.throws(() => checkFatNames(paths, "x.iso"), failure("unfit-for-fat", message));
}

Deno.test("FAT names: what installers and other ISOs have", () => {
  checkFatNames([], "x.iso");
  checkFatNames([
    ...["BOOT.CFG", "EFI", "EFI/BOOT", "EFI/BOOT/BOOT.CFG", "b.b00", "a name with blanks.v00"],
    ...["+,;=[]", ".hidden", " leading", "Grüße", "東京", "🔑", "x".repeat(255)],
    ...["🔑".repeat(127), "same", "EFI/same", "a.b.c", "CON"],
  ], "x.iso");
});

Deno.test("FAT names: forbidden characters, each", () => {
  for (const character of `"*:<>?\\|\x00\x01\x1f\n\x7f`) {
    refused([`dir/a${character}b`], /is forbidden in a name/);
  }
  refused(['a"b'], /x\.iso: FAT cannot hold \/a"b: "\\"" is forbidden/);
});

Deno.test("FAT names: a dot or a blank at the end", () => {
  for (const name of ["a.", "a ", ".", "..", " ", "dir/a."]) {
    refused([name], /ends with a dot or a blank/);
  }
});

Deno.test("FAT names: longer than 255 UTF-16 units", () => {
  refused(["x".repeat(256)], /longer than 255 characters/);
  refused(["🔑".repeat(128)], /longer than 255 characters/);
});

Deno.test("FAT names: two that differ in case alone, in whatever script", () => {
  refused(["a.v00", "A.V00"], /cannot hold both \/a\.v00 and \/A\.V00/);
  refused(["EFI/x", "efi/X"], /cannot hold both/);
  refused(["ä", "Ä"], /cannot hold both/);
  refused(["δ", "Δ"], /cannot hold both/);
  refused(["dir", "DIR"], /cannot hold both/);
  checkFatNames(["a/x", "b/x"], "x.iso");
});

Deno.test("FAT names: case is folded character by character", () => {
  assert.equal(foldCase("straße.v00"), "STRAßE.V00");
  checkFatNames(["straße", "strasse"], "x.iso");
  assert.equal(foldCase("ŉ"), "ŉ");
  assert.equal(foldCase("aZ09-é"), "AZ09-É");
});
