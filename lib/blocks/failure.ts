/**
 * What went wrong, in the terms of whoever runs the tool.
 *
 * @module
 */

/** What kind of thing went wrong. `usage` ends the program with status 2, everything else with 1. */
export type FailureCode =
  | "usage"
  | "not-iso"
  | "damaged-iso"
  | "truncated"
  | "not-installer"
  | "boot-cfg"
  | "kickstart"
  | "unfit-for-fat"
  | "unfit-for-iso"
  | "unfit-for-net"
  | "too-small"
  | "not-driver"
  | "not-image"
  | "not-manifest"
  | "mismatch"
  | "exists"
  | "io"
  | "interrupted";

/**
 * A condition that the command line explains in one line: which path, what is wrong, what to do.
 * Anything else that is thrown is a defect of the program.
 */
export class Failure extends Error {
  /** Tells it from other errors. */
  override readonly name = "Failure";
  /** What kind of thing went wrong. */
  readonly code: FailureCode;
  /** What it concerns: a file, a file inside an image, or an option. */
  readonly path: string;
  readonly #what: string;
  readonly #remedy: string;

  /**
   * Says what went wrong, in one line: `path: what; remedy`.
   *
   * @param code What kind of thing went wrong.
   * @param path The file, or the file inside an image, that it concerns.
   * @param what What is wrong with it, as a clause without a full stop.
   * @param remedy What to do about it, as a clause without a full stop.
   */
  constructor(code: FailureCode, path: string, what: string, remedy: string, cause?: unknown) {
    super(`${path}: ${what}; ${remedy}`, { cause });
    this.code = code;
    this.path = path;
    this.#what = what;
    this.#remedy = remedy;
  }

  /**
   * The same failure with one more thing to know.
   *
   * @param clause As in `/dev/sdb is half-written`.
   */
  adding(clause: string): Failure {
    const what = `${this.#what}, and ${clause}`;
    return new Failure(this.code, this.path, what, this.#remedy, this.cause);
  }
}
