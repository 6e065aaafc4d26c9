/**
 * What a kind of finding is, see `codes.ts`.
 *
 * @module
 */

import type { FailureCode } from "../blocks/failure.ts";
import type { Severity } from "../blocks/finding.ts";

/** A kind of finding. */
export interface Kind {
  readonly severity: Severity;
  /** What a build that stops for it fails with: `usage` ends with status 2, all others with 1. */
  readonly failure: FailureCode;
  /** What it means, as sentences. */
  readonly means: string;
  /** What to do about it, as a clause without a full stop: the remedy in the message, too. */
  readonly remedy: string;
}

/** What a table of kinds is written as: meaning and remedy by code. */
export type Meanings<Code extends string> = Readonly<
  Record<Code, readonly [means: string, remedy: string]>
>;

/** The kinds of a table, all as bad as each other. */
export function kinds<Code extends string>(
  severity: Severity,
  failure: FailureCode,
  table: Meanings<Code>,
): Readonly<Record<Code, Kind>> {
  const entries = Object.entries<readonly [string, string]>(table)
    .map(([code, [means, remedy]]) => [code, { severity, failure, means, remedy }]);
  return Object.fromEntries(entries) as Readonly<Record<Code, Kind>>;
}
