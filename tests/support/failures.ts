/**
 * What tests say of failures.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Failure, type FailureCode } from "../../lib/blocks/failure.ts";

/** Checks what was thrown: a failure with this code, whose message matches. */
export function failure(code: FailureCode, message: RegExp = /./): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Failure, `threw ${error instanceof Error ? error.stack : error}`);
    assert.match(error.message, message);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** Lets failures pass; any other exception is a defect. */
export async function succeedOrFail<T>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
