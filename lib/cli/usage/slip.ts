/**
 * What is wrong with a command line, in one line.
 *
 * @module
 */

import {
  ArgumentParseError,
  ArgumentScannerError,
  formatMessageForArgumentScannerError,
} from "@stricli/core";
import type { OptionDefinition } from "../definitions.ts";

/** What is wrong with a command line, and what was meant. */
export interface Slip {
  /** The word that is wrong, or what it was to be. */
  readonly where: string;
  /** As a clause without a full stop. */
  readonly what: string;
  /** What to write, as a clause without a full stop. */
  readonly remedy?: string | undefined;
}

/** An option and its value, as people write it: `--output PATH`. */
export function spell({ name, value }: OptionDefinition): string {
  return value === undefined ? name : `${name} ${value.placeholder}`;
}

/** As {@linkcode spell}, by the short name if there is one: `-o PATH`. */
export function spellShort(option: OptionDefinition): string {
  return spell({ ...option, name: option.alias ?? option.name });
}

/** What the parser says of arguments: a value that cannot be read, and what nobody expects. */
export function slipOf(error: unknown): Slip {
  if (error instanceof ArgumentParseError) {
    const { externalFlagNameOrPlaceholder: name, exception } = error;
    const message = exception instanceof Error ? exception.message : String(exception);
    const where = /^[A-Z]+$/.test(name) ? name : `--${name}`;
    const clause = `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
    return { where, what: clause.replaceAll(/\s*\n\s*/g, " ") };
  }
  const message = error instanceof ArgumentScannerError
    ? formatMessageForArgumentScannerError(error, {})
    : error instanceof Error
    ? error.message
    : String(error);
  return { where: "arguments", what: message.trim().replaceAll(/\s*\n\s*/g, "; ") };
}
