import fc from "fast-check";
import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import { baseName, isWindowsDevice, type PathRules, splitPath } from "../../lib/host/paths.ts";

/** Paths of Windows, and how they are split. */
const WINDOWS: readonly (readonly [folder: string, base: string])[] = [
  ["", "esxi.iso"],
  ["C:\\images\\", "esxi.iso"],
  ["C:/images/", "esxi.iso"],
  ["C:", "esxi.iso"],
  ["c:\\", "esxi.iso"],
  ["..\\a/b\\", "esxi.iso"],
  ["\\\\server\\share\\", "esxi.iso"],
  ["\\\\?\\C:\\long\\", "esxi.iso"],
  ["\\\\?\\UNC\\server\\share\\", "esxi.iso"],
  ["sub\\", ""],
  ["D:\\Bilder und ISOs\\", "größe 1.iso"],
];
const POSIX: readonly (readonly [folder: string, base: string])[] = [
  ["", "esxi.iso"],
  ["/images/", "esxi.iso"],
  ["a//b/", "esxi.iso"],
  ["", "C:\\images\\esxi.iso"],
  ["a/", "back\\slash"],
  ["sub/", ""],
  ["/", "line\nbreak"],
];

for (const [rules, cases] of [["windows", WINDOWS], ["posix", POSIX]] as const) {
  Deno.test(`paths are split by the rules of ${rules}`, () => {
    for (const [folder, base] of cases) {
      assert.deepEqual(splitPath(folder + base, rules), { folder, base });
      assert.equal(baseName(folder + base, rules), base);
    }
  });
}

Deno.test("paths are split where Node splits them", () => {
  const part = fc.string({
    unit: fc.constantFrom("a", ".", "/", "\\", ":", " ", "é"),
    maxLength: 9,
  });
  const both = { windows: win32, posix } as const;
  for (const rules of ["windows", "posix"] as const satisfies readonly PathRules[]) {
    fc.assert(
      fc.property(fc.constantFrom("", "C:", "C:\\", "\\\\s\\h\\", "/"), part, (start, rest) => {
        const path = start + rest;
        const { folder, base } = splitPath(path, rules);
        assert.equal(folder + base, path);
        // Node forgets separators at the end, and takes the root of a share for a folder.
        if (base === "" || (rules === "windows" && /^[\\/]{2}/.test(path))) return;
        assert.equal(base, both[rules].basename(path));
      }),
      { numRuns: 2000 },
    );
  }
});

Deno.test("devices of Windows are told from its files", () => {
  const devices = [
    "\\\\.\\PhysicalDrive1",
    "\\\\.\\D:",
    "//./PhysicalDrive0",
    "\\\\?\\PhysicalDrive2",
    "\\\\?\\Volume{01234567-89ab-cdef-0123-456789abcdef}\\",
    "\\\\?\\GLOBALROOT\\Device\\Harddisk0\\Partition0",
  ];
  const files = [
    "C:\\PhysicalDrive1",
    "\\\\?\\C:\\esxi.img",
    "\\\\?\\UNC\\server\\share\\esxi.img",
    "\\\\server\\share\\esxi.img",
    "PhysicalDrive1",
  ];
  for (const path of devices) assert.ok(isWindowsDevice(path, "windows"), path);
  for (const path of files) assert.ok(!isWindowsDevice(path, "windows"), path);
  for (const path of devices) assert.ok(!isWindowsDevice(path, "posix"), path);
});
