/**
 * Outputs that get their names together, or not at all.
 *
 * @module
 */

import type { Output } from "./output.ts";
import { abortOnSignal } from "./signals.ts";

/**
 * Writes outputs and gives them their names. If anything fails, or a signal ends the program, what
 * was written is removed as far as it can be.
 *
 * @param write Writes everything; it calls `add` for each output as soon as that is open.
 * @throws {Failure} `io` if an output cannot get its name; and whatever `write` throws.
 */
export async function writeAndCommit<T>(
  write: (add: (output: Output) => Output) => Promise<T>,
): Promise<T> {
  const outputs: Output[] = [];
  const abort = () => outputs.forEach((output) => output.abort());
  using signals = abortOnSignal(abort);
  try {
    const result = await write((output) => {
      outputs.push(output);
      return output;
    });
    await signals.hearLast();
    for (const output of outputs) await output.commit();
    return result;
  } catch (error) {
    abort();
    throw error;
  }
}
