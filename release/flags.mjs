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
  // Little memory for what is new; and no full collection before there is much that is old, for
  // the first one would come in the middle of every build and take a twentieth of its time.
  "--v8-flags=--max-semi-space-size=1,--initial-old-space-size=32",
];

/** @type {readonly string[]} Options of `deno run` for what `deno compile` has by itself. */
export const CLOSED_FLAGS = [
  "--no-config",
  "--no-lock",
  "--cached-only",
  "--no-remote",
  "--deny-import",
];
