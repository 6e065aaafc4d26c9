/**
 * Text dumps that are compared with what they were when someone last looked at them.
 *
 * @module
 */

import assert from "node:assert/strict";

/** Set to write the dumps instead, to be looked at in the diff. */
const UPDATE = "UPDATE_GOLDEN";

/**
 * Compares a dump with the one in `testdata`, of which the first line is the command.
 *
 * @param path Below `testdata`.
 * @param command What made the dump.
 */
export async function golden(path: string, command: string, dump: string): Promise<void> {
  const file = new URL(`../../testdata/${path}`, import.meta.url);
  const text = `$ ${command}\n${dump}`;
  if (Deno.env.get(UPDATE) !== undefined) {
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  assert.equal(text, await Deno.readTextFile(file), `${path}; with ${UPDATE}=1 it is written anew`);
}
