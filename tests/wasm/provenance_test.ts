/**
 * That FatFs is the one that wasm/README.md describes, and that an equal build lays out the same
 * bytes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { SectorMap } from "../../lib/blocks/sector_map.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { FatVolume } from "../../wasm/fatfs.ts";
import { ROOT } from "../support/executable.ts";
import { sha256 } from "../support/trees.ts";

const WASM = await readFatfsWasm();
const README = await Deno.readTextFile(`${ROOT}wasm/README.md`);
/** A build to be compared; without it the package's other one, which knows exFAT, too. */
const OTHER = Deno.env.get("FF_WASM") ?? `${ROOT}node_modules/fatfs-wasm/ff_exfat.wasm`;
const MIB = 1024 * 1024;

/** Words in backquotes of a part of README. */
function quoted(part: string): string[] {
  return [...part.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
}

Deno.test("FatFs: size and hash are those of wasm/README.md, and of the pinned package", async () => {
  assert.equal(/bytes +\| (\d+)/.exec(README)?.[1], `${WASM.length}`);
  assert.equal(/SHA-256 \| `([0-9a-f]{64})`/.exec(README)?.[1], sha256(WASM));
  const { imports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const version = /npm package `fatfs-wasm` (\S+) /.exec(README)?.[1];
  assert.equal(imports["fatfs-wasm"], `npm:fatfs-wasm@${version}`);
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
  assert.match(lock.npm[`fatfs-wasm@${version}`].integrity, /^sha512-/);
});

Deno.test("FatFs: it reaches what wasm/README.md lists, and nothing else", async () => {
  const module = await WebAssembly.compile(WASM);
  const table = README.slice(README.indexOf("| import"), README.indexOf("Of its exports"));
  const named = quoted(table.split("\n").map((line) => line.split("|")[1] ?? "").join("\n"));
  const imports = WebAssembly.Module.imports(module);
  assert.deepEqual(imports.map(({ name }) => name).toSorted(), named.toSorted());
  assert.ok(imports.every(({ module }) => module === "env"));
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  const used = quoted(README.slice(README.indexOf("Of its exports"), README.indexOf("## Build")));
  for (const name of used) assert.ok(exports.includes(name), name);
  const binding = await Deno.readTextFile(`${ROOT}wasm/fatfs.ts`);
  const called = [...binding.matchAll(/exports\.(\w+)\(/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(called)].toSorted(), used.toSorted());
  const [producers] = WebAssembly.Module.customSections(module, "producers");
  assert.match(new TextDecoder().decode(producers), /Homebrew clang.20\.1\.8/);
});

/** A volume with all that a layout has: folders, long names, files of every size. */
async function layOut(
  wasm: BufferSource,
  clusterBytes: number,
  sectors: number,
): Promise<readonly (readonly [number, string])[]> {
  const map = new SectorMap();
  const volume = await FatVolume.format(wasm, map, {
    sectors,
    clusterBytes,
    alignSectors: 2048,
    label: "ESXI",
    timeMs: Date.UTC(2026, 6, 1, 12, 34, 56),
  });
  const starts: (number | undefined)[] = [];
  for (const folder of ["", "EFI/", "EFI/BOOT/", "a folder with a long name/"]) {
    if (folder !== "") volume.makeDirectory(folder.slice(0, -1));
    const files = Array.from({ length: 150 }, (_, i) => {
      const name = i % 3 === 0 ? `FILE${i}.V00` : `A rather long name of Größe ${i}.v00`;
      return { handle: volume.createFile(folder + name), bytes: (i * 7919) % 40_000 };
    });
    for (const { handle, bytes } of files) starts.push(volume.reserve(handle, bytes));
  }
  const extents = map.extents().map(({ offsetBytes, bytes }) =>
    [offsetBytes, sha256(bytes)] as const
  );
  return [...extents, [-1, starts.join(" ")]];
}

Deno.test("FatFs: another build of the same source lays out the same bytes", async () => {
  const other = await Deno.readFile(OTHER);
  assert.notDeepEqual(other, WASM);
  for (const [clusterBytes, mib] of [[512, 64], [4096, 600], [32_768, 3000]] as const) {
    const ours = await layOut(WASM, clusterBytes, mib * MIB / 512);
    assert.ok(ours.length > 5);
    assert.deepEqual(await layOut(other, clusterBytes, mib * MIB / 512), ours, `${mib} MiB`);
  }
  const larger = await layOut(WASM, 512, 65 * MIB / 512);
  assert.notDeepEqual(larger, await layOut(WASM, 512, 64 * MIB / 512));
});
