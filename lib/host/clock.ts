/**
 * The one clock that decides about bytes: https://reproducible-builds.org/specs/source-date-epoch.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** What tar can hold in eleven octal digits, as good as any other end of time. */
const MAX_SECONDS = 0o77777777777;

/**
 * Reads SOURCE_DATE_EPOCH.
 *
 * @returns Seconds since 1970, or undefined if it is not set.
 * @throws {Failure} `usage` if it is not a number.
 */
export function sourceDateEpochSeconds(): number | undefined {
  const text = Deno.env.get("SOURCE_DATE_EPOCH");
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,10}$/.test(text) && Number(text) <= MAX_SECONDS) return Number(text);
  throw new Failure(
    "usage",
    "SOURCE_DATE_EPOCH",
    `${text} is not a number of seconds`,
    "set it to seconds since 1970, or unset it",
  );
}
