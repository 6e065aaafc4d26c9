/**
 * Every kind of finding: how bad it is, what it means and what to do. `docs/checks.md` is made from
 * this table, and a finding cannot be made without its line in it.
 *
 * @module
 */

import { Failure, type FailureCode } from "../blocks/failure.ts";
import type { Finding } from "../blocks/finding.ts";
import { INPUT_CODES } from "./input_codes.ts";
import type { Kind } from "./kind.ts";
import { KICKSTART_CODES } from "./kickstart_codes.ts";

/** The kinds by their codes, in the order of the documentation. */
export const KINDS = { ...KICKSTART_CODES, ...INPUT_CODES } satisfies Record<string, Kind>;

/** The name of a kind. */
export type CheckCode = keyof typeof KINDS;

/**
 * Makes a finding.
 *
 * @param remedy What to do, if there is more to say than the kind's own.
 */
export function finding(code: CheckCode, where: string, what: string, remedy?: string): Finding {
  const kind: Kind = KINDS[code];
  return { code, severity: kind.severity, where, what, remedy: remedy ?? kind.remedy };
}

/** The failure that a build stops with for a finding. */
export function failureOf({ code, where, what, remedy }: Finding): Failure {
  const kind: Kind | undefined = Object.hasOwn(KINDS, code) ? KINDS[code as CheckCode] : undefined;
  const failure = new Failure(kind?.failure ?? code as FailureCode, where, what, remedy);
  return Object.assign(failure, { finding: code });
}

/** The finding that stands for what stopped a build: its kind's, or with the failure's own code. */
export function findingOf(failure: Failure): Finding {
  const { path, message } = failure;
  const text = message.slice(path.length + 2);
  const at = text.lastIndexOf("; ");
  return {
    code: (failure as { finding?: string }).finding ?? failure.code,
    severity: "error",
    where: path,
    what: at === -1 ? text : text.slice(0, at),
    remedy: at === -1 ? "" : text.slice(at + 2),
  };
}
