/**
 * What README tells people to type.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ROOT } from "./executable.ts";

/**
 * The commands of the first block of shell behind a text, lines that go on put together.
 *
 * @param after A text that README has once.
 */
export function readmeCommands(after: string): string[] {
  const parts = Deno.readTextFileSync(`${ROOT}README.md`).split(after);
  assert.equal(parts.length, 2, `README has ${parts.length - 1} times: ${after}`);
  const block = /```sh\n([\s\S]*?)```/.exec(parts[1]!)?.[1];
  assert.ok(block !== undefined, `README has no commands behind: ${after}`);
  return block.replaceAll(/ *\\\n */g, " ").trim().split("\n");
}
