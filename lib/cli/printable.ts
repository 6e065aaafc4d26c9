/**
 * @module
 */

/**
 * Shows control characters as `\x1b` and the like: an ISO may hold any name, and no name may move
 * the cursor or begin a line of its own.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
