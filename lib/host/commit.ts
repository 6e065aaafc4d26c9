/**
 * Outputs that get their names together, or not at all.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { abortOnSignal } from "./signals.ts";

/** Something that gets its name when it is complete. */
export interface Committable {
  /**
   * Gives it its final name, in one step that no signal divides.
   *
   * @param isAlone Whether nothing else has to get its name for this one to stand.
   */
  commit(isAlone: boolean): void;
  /** From here on it stays. */
  keep(): Promise<void>;
  /**
   * Removes what was written, if it can be removed; what a {@linkcode commit} has replaced is there
   * again. Harmless after {@linkcode keep}.
   *
   * @returns What stays nevertheless, as a clause for a message.
   */
  abort(): string | undefined;
}

/**
 * Writes outputs and gives them their names. If anything fails, or a signal ends the program, what
 * was written is removed as far as it can be, and what cannot be is said.
 *
 * @param write Writes everything; it calls `add` for each output as soon as that is open.
 * @throws {Failure} `io` if an output cannot get its name; and whatever `write` throws.
 */
export async function writeAndCommit<T>(
  write: (add: <O extends Committable>(output: O) => O) => Promise<T>,
): Promise<T> {
  const outputs: Committable[] = [];
  // The last first: each undoes what was done after those before it.
  const abort = () =>
    outputs.toReversed().map((output) => output.abort()).filter((left) => left !== undefined);
  using signals = abortOnSignal(abort);
  try {
    const result = await write((output) => {
      outputs.push(output);
      return output;
    });
    await signals.drainSignals();
    // At once, for nothing may come between the names.
    for (const output of outputs) output.commit(outputs.length === 1);
    const kept = await Promise.allSettled(outputs.map((output) => output.keep()));
    const failed = kept.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return result;
  } catch (error) {
    const left = abort();
    throw error instanceof Failure && left.length > 0 ? error.adding(left.join(", ")) : error;
  }
}
