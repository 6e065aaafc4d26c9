/**
 * What the program may do, and how its runtime is set: of the compiled executable and of the npm
 * package alike.
 *
 * @module
 */

/** @type {readonly string[]} Options of both `deno compile` and `deno run`. */
export const FLAGS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-env=SOURCE_DATE_EPOCH,NO_COLOR,TERM,HOME",
  "--v8-flags=--max-semi-space-size=2",
];

/** @type {readonly string[]} Options of `deno run` for what `deno compile` has by itself. */
export const CLOSED_FLAGS = [
  "--no-config",
  "--no-lock",
  "--cached-only",
  "--no-remote",
  "--deny-import",
];
