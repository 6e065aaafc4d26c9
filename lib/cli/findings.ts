/**
 * Tells what the checks found, and stops for it.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { failureOf } from "../checks/codes.ts";
import { writeStderr } from "../host/terminal.ts";
import { printable } from "./printable.ts";

/** How findings are told. */
export interface FindingFlags {
  /** Whether warnings stop the command. */
  readonly strict: boolean;
  readonly quiet?: boolean | undefined;
  /** Whether the findings are part of the result that is printed. */
  readonly json?: boolean | undefined;
}

/**
 * Stops for what a command must stop for.
 *
 * @throws {Failure} that of the first error; with `--strict` that of the first warning if there is
 * no error.
 */
export function stopFor(findings: readonly Finding[], { strict }: FindingFlags): void {
  const first = findings.find(({ severity }) => severity === "error") ??
    (strict ? findings.find(({ severity }) => severity === "warning") : undefined);
  if (first !== undefined) throw failureOf(first);
}

/** Writes warnings and notes, one line each. */
export function tell(findings: readonly Finding[], { quiet, json }: FindingFlags): void {
  if (quiet || json) return;
  for (const { severity, where, what, remedy } of findings) {
    const line = severity === "note" ? `${where}: ${what}` : `${where}: ${what}; ${remedy}`;
    writeStderr(`${severity}: ${printable(line)}\n`);
  }
}
