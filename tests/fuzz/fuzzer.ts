/**
 * The loop: change an input that is known, run the target on it, keep what reaches new code.
 *
 * @module
 */

import { Failure } from "../../lib/blocks/failure.ts";
import type { Coverage } from "./coverage.ts";
import { Random } from "./random.ts";

/** Something that takes input from others. */
export interface Target<Input = unknown> {
  readonly name: string;
  seeds(): Promise<readonly Input[]>;
  /** A changed copy. `others` are inputs to take parts from. */
  mutate(input: Input, random: Random, others: readonly Input[]): Input;
  /**
   * Works on an input.
   *
   * @returns What became of it, if there is more to tell than that it was accepted.
   * @throws {Failure} if it refuses it, which is well; anything else is a defect.
   */
  run(input: Input): Promise<string | undefined>;
  /** The input as bytes, to be kept. */
  pack(input: Input): Uint8Array;
  unpack(bytes: Uint8Array): Input;
  /** Whether its code runs in this process, where coverage can see it. */
  readonly isWatched?: boolean;
  /** How many cases a run has that is not told how long to take. */
  readonly leastCases?: number;
  /** Ends what was started for it. */
  stop?(): Promise<void>;
}

/** How long to run, and where from. */
export interface FuzzOptions {
  readonly seed: number;
  /** The time to stop, as of `performance.now()`. */
  readonly deadlineMs?: number | undefined;
  readonly maxCases?: number | undefined;
  /** Until so many are done, the time does not count. */
  readonly leastCases?: number | undefined;
  /** Without it only the inputs that are refused in a new way are kept. */
  readonly coverage?: Coverage | undefined;
}

/** What a run found. */
export interface FuzzReport<Input> {
  readonly cases: number;
  readonly corpus: number;
  /** How many cases ended in which way; refusals with their numbers and names left out. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly slowestMs: number;
  readonly slowest: Input;
  /** What must not happen, and the input that made it happen. */
  readonly defect?: { readonly error: unknown; readonly input: Input; readonly number: number };
}

/** More changes at once find less. */
const MAX_CHANGES = 6;

/** Fuzzes a target. */
export async function fuzz<Input>(
  target: Target<Input>,
  options: FuzzOptions,
): Promise<FuzzReport<Input>> {
  const { seed, deadlineMs = Infinity, maxCases = Infinity, leastCases = 0, coverage } = options;
  const random = new Random(seed);
  const corpus = [...await target.seeds()];
  const outcomes = new Map<string, number>();
  let slowestMs = 0;
  let slowest: Input = corpus[0]!;
  let cases = 0;
  while (cases < maxCases && (cases < leastCases || performance.now() < deadlineMs)) {
    // First the seeds as they are.
    let input = cases < corpus.length ? corpus[cases]! : choose(corpus, random);
    const changes = cases < corpus.length ? 0 : 1 + random.below(random.below(MAX_CHANGES) + 1);
    for (let i = 0; i < changes; i++) input = target.mutate(input, random, corpus);
    const startMs = performance.now();
    let outcome: string;
    try {
      outcome = await target.run(input) ?? "accepted";
    } catch (error) {
      if (!(error instanceof Failure)) {
        const defect = { error, input, number: cases };
        return { cases: cases + 1, corpus: corpus.length, outcomes, slowestMs, slowest, defect };
      }
      outcome = generalize(error);
    }
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs > slowestMs) [slowestMs, slowest] = [elapsedMs, input];
    const isNew = await coverage?.hasGrown() || !outcomes.has(outcome);
    if (isNew && changes > 0) corpus.push(input);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    cases++;
  }
  return { cases, corpus: corpus.length, outcomes, slowestMs, slowest };
}

/** What was found last is changed more often. */
function choose<Input>(corpus: readonly Input[], random: Random): Input {
  const newest = random.chance(1, 3) ? Math.max(corpus.length - 20, 0) : 0;
  return corpus[newest + random.below(corpus.length - newest)]!;
}

/** A refusal without the names and numbers that differ from input to input. */
function generalize({ code, message }: Failure): string {
  const words = message.slice(message.indexOf(": ") + 2).split(" ");
  return `${code}: ${words.map((word) => /^[a-z',;.]{1,12}$/.test(word) ? word : "#").join(" ")}`
    .replaceAll(/#( #)+/g, "#").slice(0, 100);
}
