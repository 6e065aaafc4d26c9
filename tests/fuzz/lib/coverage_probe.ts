/**
 * Code that only the test of the coverage runs.
 *
 * @module
 */

/** Takes one way or the other. */
export function prefixOf(text: string): string {
  if (text.startsWith("magic")) {
    return text.slice(0, 5);
  }
  return text.slice(0, 1);
}
