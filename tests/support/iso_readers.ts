/**
 * Programs that read ISOs, and what each finds there.
 *
 * @module
 */

import type { Folder } from "./folder.ts";
import { mustRun, pathOf, run } from "./programs.ts";
import { readIsoTree, readTree, sha256, sorted, type Tree } from "./trees.ts";

/** Reads an ISO; undefined where the program is missing or fails, or the ISO has no such tree. */
export type IsoReader = (iso: string, folder: Folder) => Promise<Tree | undefined>;

/** Debian's Python, which has pycdlib. */
const PYTHON = "/usr/bin/python3";
const PYCDLIB = `${import.meta.dirname}/pycdlib_tree.py`;
/** Whether this machine mounts ISOs. */
const CAN_MOUNT = Deno.uid() === 0 && pathOf("mount") !== undefined &&
  (await Deno.readTextFile("/proc/filesystems").catch(() => "")).includes("iso9660");
let folders = 0;

/** A path in the folder that is not there yet. */
function fresh(folder: Folder): string {
  return folder.file(`tree${folders++}`);
}

/** By name, in upper case and without versions, as every tree is compared. */
function plain(tree: Readonly<Record<string, string>>): Tree {
  return sorted(Object.fromEntries(
    Object.entries(tree).map(([path, hash]) => [
      path.replace(/;\d+$/, "").replace(/\.$/, "").toUpperCase(),
      hash,
    ]),
  ));
}

function bsdtar(...options: string[]): IsoReader {
  return async (iso, folder) => {
    if (pathOf("bsdtar") === undefined) return undefined;
    const path = fresh(folder);
    await Deno.mkdir(path);
    const { code } = await run("bsdtar", ["-x", "-f", iso, "-C", path, ...options]);
    if (code !== 0) return undefined; // it does not know all that Rock Ridge relocates
    await mustRun("chmod", ["-R", "u+rwX", path]);
    return plain(await readTree(path));
  };
}

function kernel(...options: string[]): IsoReader {
  return async (iso, folder) => {
    if (!CAN_MOUNT) return undefined;
    const path = fresh(folder);
    await Deno.mkdir(path);
    const { code } = await run("mount", ["-o", ["ro", "loop", ...options].join(","), iso, path]);
    if (code !== 0) return undefined;
    try {
      return plain(await readTree(path));
    } finally {
      await mustRun("umount", [path]);
    }
  };
}

function isoinfo(option: string | undefined, mark: RegExp): IsoReader {
  return async (iso) => {
    if (pathOf("isoinfo") === undefined) return undefined;
    const options = option === undefined ? [] : [option];
    const { stdout: facts } = await mustRun("isoinfo", ["-d", "-i", iso]);
    if (!mark.test(facts)) return undefined;
    const { stdout } = await mustRun("isoinfo", ["-f", ...options, "-i", iso]);
    const tree: Record<string, string> = {};
    for (const path of stdout.split("\n").filter((line) => line !== "")) {
      // It reads one file at a time: of most their names are enough here.
      if (/\/(?:X\d|MOD)/i.test(path)) {
        tree[path.slice(1)] = "";
        continue;
      }
      const { stdoutBytes } = await run("isoinfo", [...options, "-i", iso, "-x", path]);
      tree[path.slice(1)] = sha256(stdoutBytes);
    }
    return plain(tree);
  };
}

function pycdlib(tree: "iso" | "joliet" | "rr"): IsoReader {
  return async (iso) => {
    if (pathOf(PYTHON) === undefined) return undefined;
    const { code, stdout } = await run(PYTHON, [PYCDLIB, tree, iso]);
    return code === 0 ? plain(JSON.parse(stdout)) : undefined;
  };
}

/** The programs, one for each tree that they can be told to read. */
export const READERS: Readonly<Record<string, IsoReader>> = {
  xorriso: async (iso, folder) => plain(await readIsoTree(iso, fresh(folder))),
  bsdtar: bsdtar(),
  "bsdtar without Rock Ridge": bsdtar("--options", "!rockridge"),
  "bsdtar without Rock Ridge and Joliet": bsdtar("--options", "!rockridge,!joliet"),
  kernel: kernel(),
  "kernel without Rock Ridge": kernel("norock"),
  "kernel without Rock Ridge and Joliet": kernel("norock", "nojoliet"),
  isoinfo: isoinfo(undefined, /^/),
  "isoinfo with Joliet": isoinfo("-J", /^Joliet with/m),
  "isoinfo with Rock Ridge": isoinfo("-R", /^Rock Ridge signatures/m),
  pycdlib: pycdlib("iso"),
  "pycdlib with Joliet": pycdlib("joliet"),
  "pycdlib with Rock Ridge": pycdlib("rr"),
};
