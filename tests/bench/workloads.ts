/**
 * The inputs of the bench, and who has to work on them.
 *
 * @module
 */

import type { Program } from "./programs.ts";
import { nameOfKind } from "./programs.ts";
import type { InstallerOptions } from "../support/installer_iso.ts";

/** An input and the programs that are measured with it. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly iso: InstallerOptions;
  /** Names of programs, or how they begin with a `*` at the end; those that do not exist are left out. */
  readonly programs: readonly string[];
  readonly reference: string | null;
  /** How many times the rounds that are asked for: short programs need more. */
  readonly roundsFactor?: number;
}

/** For what is not counted: the executable to compare with, holes' metadata, other programs. */
const SPARE_BYTES = 1e9;
const OURS = ["cat", "gz", "raw", "qcow2", "vmdk", "vhd", "iso"];
/** A tree for network boot, beside the copy of a folder. */
const TREES = ["cp", "netboot"];
/** Formats that are measured on installers of ordinary size alone. */
const VARIANTS = ["qcow2-compressed", "vmdk-sparse", "vhd-fixed"];
/** For the gain from threads. */
const ONE_CORE = ["gz-one-core", "vmdk-one-core", "qcow2-compressed-one-core"];
const COMPRESSORS = ["gzip", "pigz", "python-gz"];
const EVERYONE = [...OURS, ...TREES, ...VARIANTS, ...COMPRESSORS, "python-raw", "qemu-*"];
const START_UP = ["hello", "help", "inspect"];

const INSTALLER: InstallerOptions = { modulesBytes: 700e6, distinctModules: 50 };

/** What a full run works through. Neighbours with the same ISO share it. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "100MB",
    title: "Installer of 100 MB",
    iso: { modulesBytes: 100e6 },
    programs: EVERYONE,
    reference: "cat",
  },
  {
    name: "700MB",
    title: "Installer of 700 MB",
    iso: INSTALLER,
    programs: EVERYONE,
    reference: "cat",
  },
  {
    name: "start-up",
    title: "Start-up, with an ISO of 700 MB",
    iso: INSTALLER,
    programs: START_UP,
    reference: "hello",
    roundsFactor: 6,
  },
  {
    name: "rack",
    title: "A hundred images for a hundred hosts, from an installer of 300 MB",
    iso: { modulesBytes: 300e6, distinctModules: 50 },
    programs: ["cat-batch", "batch"],
    reference: "cat-batch",
  },
  {
    name: "durable",
    title: "Installer of 700 MB, made durable",
    iso: INSTALLER,
    programs: ["cat-sync", "gz-sync", "raw-sync"],
    reference: "cat-sync",
  },
  {
    name: "mixed",
    title: "ISO of 700 MB, half of it compressible",
    iso: { modulesBytes: 700e6, compressibleModules: 50, distinctModules: 10 },
    programs: [...OURS, "qcow2-compressed", ...ONE_CORE, ...COMPRESSORS],
    reference: "cat",
  },
  {
    name: "compressible",
    title: "ISO of 300 MB, all of it compressible",
    iso: { modulesBytes: 300e6, compressibleModules: 100, distinctModules: 20 },
    programs: [...OURS, "qcow2-compressed", ...ONE_CORE, ...COMPRESSORS],
    reference: "cat",
  },
  {
    name: "4GB",
    title: "Installer of 4 GB",
    iso: { modulesBytes: 4e9, distinctModules: 10 },
    programs: OURS,
    reference: "cat",
  },
  {
    name: "10000-files",
    title: "ISO of 700 MB with 10,000 files",
    iso: { modulesBytes: 700e6, moduleCount: 10_000, distinctModules: 500 },
    programs: OURS,
    reference: "cat",
  },
  {
    name: "16GB-sparse",
    title: "ISO of 16 GB that is all holes",
    iso: { modulesBytes: 16e9, isSparse: true },
    programs: ["gz", "raw-to-nothing"],
    reference: null,
  },
];

/** What a smoke run works through. */
export const QUICK_WORKLOADS: readonly Workload[] = [
  WORKLOADS[0]!,
  {
    name: "start-up",
    title: "Start-up, with an ISO of 100 MB",
    iso: WORKLOADS[0]!.iso,
    programs: START_UP,
    reference: "hello",
    roundsFactor: 2,
  },
];

/** The inputs that differ in size alone, from small to large: cost must grow with their bytes. */
export const SCALE = ["100MB", "700MB", "4GB"];

/** How much space a workload takes at most: the ISO, its raw image, the largest output. */
export function neededBytes(workload: Workload, programs: readonly Program[]): number {
  const { modulesBytes = 0, isSparse = false } = workload.iso;
  const own = programs.filter(({ name }) => includes(workload, name));
  const raw = own.some(({ needsRaw }) => needsRaw) ? 1.1 : 0;
  const tree = own.some(({ needsTree }) => needsTree) ? 1 : 0;
  const parts = isSparse ? 0 : 1 + raw + tree + Math.max(0, ...own.map(({ space }) => space));
  return parts * modulesBytes + SPARE_BYTES;
}

/** Whether a workload takes this program. */
export function includes(workload: Workload, program: string): boolean {
  const kind = nameOfKind(program);
  return workload.programs.some((name) =>
    name.endsWith("*") ? kind.startsWith(name.slice(0, -1)) : name === kind
  );
}
