/**
 * What every refusal has in common.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Outcome } from "./programs.ts";

/** What a refusal must say. */
export interface Refusal {
  /** 1 unless it is wrong usage. */
  readonly code?: number;
  /** The path or the option that it is about. */
  readonly names: string;
  /** What is wrong. */
  readonly says: RegExp;
  /** What to do about it. */
  readonly advises: RegExp;
}

/** One line that names the path, says what is wrong and what to do; nothing on standard output. */
export function assertRefused(outcome: Outcome, refusal: Refusal): void {
  const { code, signal, stdout, stderr } = outcome;
  assert.match(stderr, /^esxi-img: \P{Cc}+\n$/u, "one line on standard error");
  const line = stderr.trimEnd();
  assert.doesNotMatch(line, /internal error/);
  assert.ok(line.startsWith(`esxi-img: ${refusal.names}: `), `${line} names ${refusal.names}`);
  const remedyAt = line.lastIndexOf("; ");
  assert.ok(remedyAt > 0, `${line}: it says what to do`);
  assert.match(line.slice(0, remedyAt), refusal.says);
  assert.match(line.slice(remedyAt + 2), refusal.advises);
  assert.deepEqual({ code, signal, stdout }, { code: refusal.code ?? 1, signal: null, stdout: "" });
}
