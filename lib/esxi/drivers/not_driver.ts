/**
 * The failure for a file that is no driver.
 *
 * @module
 */

import { Failure } from "../../blocks/failure.ts";

/** The failure for a file that is no driver, or a damaged one. */
export function notDriver(
  path: string,
  what: string,
  remedy = "download it again, or compare it with its published checksum",
  cause?: unknown,
): Failure {
  return new Failure("not-driver", path, what, remedy, cause);
}
