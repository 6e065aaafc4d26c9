/**
 * What is found in the inputs of a build before anything is written.
 *
 * @module
 */

/**
 * How bad it is: an error stops the build, a warning is said, and stops it if that was asked for; a
 * note says what the build does by itself.
 */
export type Severity = "error" | "warning" | "note";

/** Something that was found. It holds no secret, whatever the input was. */
export interface Finding {
  /** Names the kind, as in `kickstart-empty`; `docs/checks.md` explains each. */
  readonly code: string;
  readonly severity: Severity;
  /** An input, with line and column where there are any, as in `my.cfg:3:9`; or an option. */
  readonly where: string;
  /** What is the matter, as a clause without a full stop. */
  readonly what: string;
  /** What to do about it, as a clause without a full stop. */
  readonly remedy: string;
}
