/**
 * @module
 */

/**
 * Marks a promise that is awaited later. If something else fails first, its own failure would
 * otherwise count as unhandled and end the program.
 */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
