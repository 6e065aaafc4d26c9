/**
 * Which tests stand beside which code, and which lines no test should be expected to hold.
 *
 * @module
 */

import type { Change } from "./changes.ts";

const FORMATS = ["tests/formats/formats_test.ts", "tests/formats/known_values_test.ts"];
/** What takes seconds, and sees every format. */
const SLOW_FORMATS = [
  "tests/formats/round_trip_test.ts",
  "tests/formats/threads_test.ts",
  "tests/formats/qemu_oracle_test.ts",
];

/** Files and folders of tests that run together. */
type Round = readonly string[];

/**
 * By the beginning of a module's path, the tests that have to notice its changes, those that are done
 * soon first. The first row that fits counts.
 */
const BESIDE: readonly (readonly [code: string, rounds: readonly Round[]])[] = [
  ["lib/formats/deflate/", [["tests/formats/deflate"], ["tests/formats/gzip"], SLOW_FORMATS]],
  ["lib/formats/gzip/", [["tests/formats/gzip"], FORMATS]],
  ["lib/formats/raw/", [["tests/formats/raw"], FORMATS]],
  ...["qcow2", "vhd", "vmdk"].map((name) =>
    [`lib/formats/${name}/`, [[`tests/formats/${name}`], FORMATS, SLOW_FORMATS]] as const
  ),
  ["lib/formats/", [FORMATS, ["tests/formats/compressed_source_test.ts"], SLOW_FORMATS]],
  ["lib/disk/", [["tests/disk"], ["tests/image"]]],
  ["lib/iso/", [["tests/iso"]]],
  ["lib/esxi/tar.ts", [["tests/esxi/payload_test.ts"]]],
  ["lib/esxi/boot_cfg.ts", [["tests/esxi/boot_cfg_test.ts"]]],
];

/**
 * The tests for a module, in rounds: the file of its name, then those of its folder.
 *
 * @returns Nothing for a module that is no format.
 */
export function roundsFor(path: string): readonly Round[] | undefined {
  const rounds = BESIDE.find(([code]) => path.startsWith(code))?.[1];
  const own = path.replace(/^lib/, "tests").replace(/\.ts$/, "_test.ts");
  return rounds && (exists(own) ? [[own], ...rounds] : rounds);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(`${import.meta.dirname}/../../${path}`).isFile;
  } catch {
    return false;
  }
}

/** A change that no test is expected to notice. */
export interface Accepted {
  readonly path: string;
  /** How the line begins. */
  readonly line: string;
  /** As in `<= instead of <`; without it, every change of the line. */
  readonly changes?: readonly string[];
  readonly reason: string;
}

/** Changes that come to the same thing, or decide about speed and memory alone. */
export const ACCEPTED: readonly Accepted[] = [
  {
    path: "lib/disk/gpt.ts",
    line: "const ENTRY = ",
    changes: ["47 instead of 48", "49 instead of 48"],
    reason: "no partition has attributes; the table is whole for its readers",
  },
  {
    path: "lib/disk/gpt.ts",
    line: "const NAME_CHARACTERS = ",
    changes: ["37 instead of 36"],
    reason: "one character more does not fit into the entry, which is a RangeError too",
  },
  {
    path: "lib/disk/gpt.ts",
    line: "new DataView(summed.buffer)",
    changes: ["false instead of true"],
    reason: "zero has no byte order",
  },
  {
    path: "lib/disk/gpt.ts",
    line: "for (let at = 0; at + ENTRY_BYTES",
    changes: ["- instead of +"],
    reason: "what lies behind the last entry is empty, and an empty entry is left out",
  },
  {
    path: "lib/disk/gpt.ts",
    line: "const type = entries.slice(at + ENTRY.type",
    changes: ["- instead of +"],
    reason: "the type is the first field: nothing is added",
  },
  {
    path: "lib/formats/vmdk/read.ts",
    line: "const ZLIB_OVERHEAD_BYTES = ",
    reason: "more than zlib ever adds: a little less still is",
  },
  {
    path: "lib/formats/vmdk/write_stream.ts",
    line: "const adler = new Adler32(2 * CHUNK_BYTES);",
    reason: "how much memory it may use",
  },
  {
    path: "lib/formats/vmdk/write_stream.ts",
    line: "if (sector >= MAX_FILE_SECTORS)",
    reason: "2 TiB would have to be written",
  },
  {
    path: "lib/formats/vmdk/read.ts",
    line: "const MIN_GRAIN_SECTORS = ",
    changes: ["7 instead of 8"],
    reason: "only powers of 2 are compared with it",
  },
  {
    path: "lib/formats/vmdk/read.ts",
    line: "const MAX_GRAIN_SECTORS = ",
    changes: ["2049 instead of 2048"],
    reason: "only powers of 2 are compared with it",
  },
  {
    path: "lib/formats/vmdk/grain.ts",
    line: "STORED_AT + GRAIN_BYTES + STORED_HEADER_BYTES + ZLIB_TRAILER_BYTES",
    changes: ["- instead of +"],
    reason: "as many whole sectors",
  },
  {
    path: "lib/formats/qcow2/write_compressed.ts",
    line: "const STYLE: UnitStyle = ",
    changes: ["17 instead of 16", "15 instead of 16"],
    reason: "how much has to be saved is a matter of taste",
  },
  {
    path: "lib/formats/qcow2/write_compressed.ts",
    line: "const mayWait = ",
    reason: "how many wait decides about speed alone",
  },
  {
    path: "lib/formats/qcow2/write_compressed.ts",
    line: "const GROUP",
    reason: "in what pieces it is deflated decides about speed alone",
  },
  {
    path: "lib/formats/qcow2/format.ts",
    line: "export const INCOMPATIBLE_DIRTY = ",
    changes: [">> instead of <<"],
    reason: "by no bits, in whatever direction",
  },
  {
    path: "lib/formats/qcow2/write.ts",
    line: "let refcountTableClusters = ",
    reason: "there is a refcount block always, and with the first one it is computed",
  },
  {
    path: "lib/formats/qcow2/write.ts",
    line: "if (out.positionBytes % CLUSTER_BYTES",
    reason: "when room is made decides about speed alone",
  },
  {
    path: "lib/disk/move_gpt.ts",
    line: "if (lengthBytes <= 0)",
    changes: ["< instead of <="],
    reason: "extents without bytes are left out of a block map",
  },
  {
    path: "lib/disk/move_gpt.ts",
    line: "const MAX_ENTRIES_BYTES = ",
    changes: ["1025 instead of 1024"],
    reason: "32 bytes more are no whole entry",
  },
  {
    path: "lib/formats/vmdk/grain.ts",
    line: "#looksCompressible = ",
    reason: "the first grain is looked at in any case",
  },
  {
    path: "lib/formats/vmdk/grain.ts",
    line: "const STYLE: UnitStyle = ",
    changes: ["0 instead of 1", "2 instead of 1"],
    reason: "a byte more or less takes as many sectors",
  },
  {
    path: "lib/formats/vmdk/grain.ts",
    line: "const BATCH_GRAINS = ",
    reason: "how many are deflated together decides about speed alone",
  },
  {
    path: "lib/formats/vmdk/grain.ts",
    line: "const mayWait = ",
    reason: "how many wait decides about speed alone",
  },
  {
    path: "lib/esxi/tar.ts",
    line: "type: bytesField(156",
    changes: ["2 instead of 1"],
    reason: "only what is given is written",
  },
  {
    path: "lib/esxi/tar.ts",
    line: "magicAndVersion: bytesField(257",
    changes: ["9 instead of 8"],
    reason: "only what is given is written",
  },
  {
    path: "lib/disk/fat32.ts",
    line: "let looks = 0;",
    reason: "one look more or less of 400 million",
  },
  ...["let sizeBytes = 0;", "for (let dataStartBytes = 0;;)", "const fatBytes = roundUp("].map((
    line,
  ) => ({
    path: "lib/disk/fat32.ts",
    line,
    reason: "it is rounded up to a mebibyte, and begins anew where that does not suffice",
  })),
  ...["const units = ", "(entries.get(parent) ?? 0) + 1"].map((line) => ({
    path: "lib/disk/fat32.ts",
    line,
    reason: "an estimate from above: names are taken for long ones, sizes rounded up to clusters",
  })),
  {
    path: "lib/disk/fat32.ts",
    line: "const RESERVED_SECTORS = ",
    reason: "FatFs reserves what it wants; here a mebibyte is filled up in any case",
  },
  ...["if (looks <= MAX_LOOKS)", "for (const folder of [", "for (const path of directories)"].map((
    line,
  ) => ({
    path: "lib/disk/fat32.ts",
    line,
    reason: "one more or less of 400 million",
  })),
];

/** Whether a change need not be noticed. */
export function isAccepted(path: string, text: string, change: Change): boolean {
  return ACCEPTED.some((accepted) => covers(accepted, path, text, change));
}

/** Whether it is this change. */
export function covers(accepted: Accepted, path: string, text: string, change: Change): boolean {
  const start = text.lastIndexOf("\n", change.at - 1) + 1;
  const line = text.slice(start).trimStart();
  const what = `${change.after} instead of ${change.before}`;
  return accepted.path === path && line.startsWith(accepted.line) &&
    (accepted.changes?.includes(what) ?? true);
}
