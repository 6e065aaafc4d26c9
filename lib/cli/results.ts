/**
 * Results for programs.
 *
 * @module
 */

import { writeStdout } from "../host/terminal.ts";

/**
 * The version of all that `--json` prints, as `schema/` describes it: bumped when a field goes or
 * changes its meaning. Fields may come at any time.
 */
export const RESULT_SCHEMA = 1;

/**
 * Prints a result as JSON.
 *
 * @throws {Failure} `io` if standard output cannot be written.
 */
export function printResult(facts: object): void {
  writeStdout(JSON.stringify({ schema: RESULT_SCHEMA, ...facts }, null, 2) + "\n");
}
