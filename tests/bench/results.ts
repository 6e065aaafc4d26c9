/**
 * What the bench finds out, as it stands in docs/benchmarks.json.
 *
 * @module
 */

import type { Machine } from "./machine.ts";

/** One run of one program. */
export interface Measurement {
  readonly wallSeconds: number;
  /** CPU time in the program's own code, all its processes and threads together. */
  readonly userSeconds: number;
  /** CPU time that the kernel spent for it. */
  readonly systemSeconds: number;
  /** The most memory its largest process had. */
  readonly peakBytes: number;
  /** Null if it wrote no file. */
  readonly outputBytes: number | null;
}

/** A program's runs on one input, one a round. */
export interface ProgramResult {
  readonly name: string;
  readonly title: string;
  readonly isOurs: boolean;
  readonly rounds: readonly Measurement[];
}

/** All programs on one input. */
export interface WorkloadResult {
  readonly name: string;
  readonly title: string;
  readonly isoBytes: number;
  /** The program that all others are compared with. */
  readonly reference: string | null;
  readonly programs: readonly ProgramResult[];
}

/** A whole run of the bench. */
export interface Results {
  /** The day, YYYY-MM-DD. */
  readonly date: string;
  readonly isQuick: boolean;
  readonly machine: Machine;
  readonly workloads: readonly WorkloadResult[];
}

/** A program's runs in short. */
export interface Summary {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly outputBytes: number | null;
  /** Its time against the reference's of the same round; null without a reference. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number } | null;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Sums up a program's runs.
 *
 * @throws {RangeError} if the reference had another number of rounds.
 */
export function summarize(workload: WorkloadResult, program: ProgramResult): Summary {
  const { rounds } = program;
  const of = (value: (round: Measurement) => number) => median(rounds.map(value));
  const outputs = rounds.map((round) => round.outputBytes);
  return {
    wallSeconds: of((round) => round.wallSeconds),
    cpuSeconds: of((round) => round.userSeconds + round.systemSeconds),
    peakBytes: Math.max(...rounds.map((round) => round.peakBytes)),
    outputBytes: outputs.at(-1) ?? null,
    ratio: ratioTo(findProgram(workload, workload.reference), program),
  };
}

/** A program's result, if it was run. */
export function findProgram(
  workload: WorkloadResult,
  name: string | null,
): ProgramResult | undefined {
  return workload.programs.find((program) => program.name === name);
}

function ratioTo(reference: ProgramResult | undefined, program: ProgramResult): Summary["ratio"] {
  if (reference === undefined) return null;
  if (reference.rounds.length !== program.rounds.length) {
    throw new RangeError(`Cannot compare ${program.name}: its rounds are not ${reference.name}'s`);
  }
  // Round by round, so that whatever slowed a whole round down does not count.
  const ratios = program.rounds.map((round, i) =>
    round.wallSeconds / reference.rounds[i]!.wallSeconds
  );
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
