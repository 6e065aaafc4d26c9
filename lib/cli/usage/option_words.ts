/**
 * What is wrong with the options on a command line.
 *
 * @module
 */

import type { CommandDefinition, OptionDefinition } from "../definitions.ts";
import { nearest } from "./nearest.ts";
import { type Slip, spell, spellShort } from "./slip.ts";
import { COMMAND_SYNONYMS, OPTION_SYNONYMS } from "./synonyms.ts";

/** What was read of a word that begins with a dash. */
export interface OptionWord {
  /** The options it stands for: several switches in `-qh`. */
  readonly options: readonly OptionDefinition[];
  /** The value in the same word. */
  readonly value?: string | undefined;
}

/** Dashes that word processors and web pages put in the place of two hyphens. */
const TYPOGRAPHIC_DASH = /^[‐-―−]+-?/;

/** What people take the first argument for. */
const INPUTS = new Set(["--image", "--input", "--in", "--file", "--source", "--src"]);

/** What the parser does not take as a value. */
const NO_VALUE = /^(-[a-z]+|-[a-z]=.+|--[a-z][a-z-.\d_]+(=.+)?|--)$/is;

/** Whether a word is an option or looks like one. A dash alone is standard output. */
export function looksLikeOption(word: string): boolean {
  return (word.startsWith("-") && word !== "-") || TYPOGRAPHIC_DASH.test(word);
}

/** Reads a word that looks like an option; one that is none is a slip. */
export function readOption(
  word: string,
  command: CommandDefinition,
  others: readonly CommandDefinition[],
): OptionWord | Slip {
  const [, dashes = "", name = "", , value] = /^(--|-|[‐-―−]+-?)([^=]*)(=(.*))?$/s.exec(word) ??
    [];
  if (TYPOGRAPHIC_DASH.test(word)) {
    const short = command.options.find(({ alias }) => alias === `-${name}`);
    const meant = short === undefined ? suggest(name, command) : undefined;
    const instead = short ? spellShort(short) : meant ? spell(meant) : "a hyphen, or two";
    return slip(word, "this dash is not the one of options", `write ${instead}`);
  }
  if (dashes === "-") return readShort(word, name, value, command);
  const option = findLong(name, command.options);
  if (option !== undefined) return { options: [option], value };
  return unknownLong(`--${name}`, command, others);
}

function readShort(
  word: string,
  letters: string,
  value: string | undefined,
  command: CommandDefinition,
): OptionWord | Slip {
  const byLetter = (letter: string) => command.options.find(({ alias }) => alias === `-${letter}`);
  const options = [...letters].map(byLetter);
  const known = options.filter((option) => option !== undefined);
  const isWhole = known.length === options.length && known.length > 0;
  if (isWhole && (known.length === 1 || known.every((option) => option.value === undefined))) {
    return { options: known, value };
  }
  const long = findLong(letters, command.options);
  if (long !== undefined && letters.length > 1) {
    return slip(word, "long options begin with two hyphens", `write ${spell(long)}`);
  }
  const first = options[0];
  const rest = word.slice(2);
  if (first?.value !== undefined && rest !== "") {
    return slip(word, "a value stands apart from its option", `write ${first.alias} ${rest}`);
  }
  const meant = letters.length > 1 ? suggest(letters, command) : undefined;
  if (meant !== undefined) return slip(word, "there is no such option", `write ${spell(meant)}`);
  const what = `${command.name} has no such option`;
  return slip(first === undefined ? `-${letters[0] ?? ""}` : word, what);
}

/** The option of this name, without dashes, in whatever case style the parser takes. */
export function findLong(
  name: string,
  options: readonly OptionDefinition[],
): OptionDefinition | undefined {
  const kebab = name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  // What is on by itself is defined by its negation alone.
  return options.find((option) => option.name === `--${kebab}` || option.name === `--no-${kebab}`);
}

function unknownLong(
  word: string,
  command: CommandDefinition,
  others: readonly CommandDefinition[],
): Slip {
  const [name = "", ...more] = word.split(" ");
  const quoted = more.length === 0 ? undefined : findLong(name.slice(2), command.options);
  if (quoted !== undefined) {
    return slip(word, "its quotes make one word of two", `write ${name} and its value apart`);
  }
  const [argument] = command.args;
  const isInput = name === "--iso" ? argument?.placeholder === "ISO" : INPUTS.has(name);
  if (argument !== undefined && isInput) {
    const remedy = `write esxi-img ${command.name} ${argument.placeholder}`;
    return slip(word, "it is an argument, and no option", remedy);
  }
  const meant = suggest(word, command);
  if (meant !== undefined) return slip(word, "there is no such option", `write ${spell(meant)}`);
  if (nearest(word, ["--version"]) !== undefined) {
    return slip(word, "it stands alone", "write esxi-img --version");
  }
  const names = others.map(({ name }) => name);
  const other = nearest(word, names, COMMAND_SYNONYMS);
  const owners = others.filter(({ options }) => findLong(word.slice(2), options) !== undefined);
  if (owners.length === 0) {
    const remedy = other === undefined ? undefined : `write esxi-img ${other}`;
    return slip(word, "there is no such option", remedy);
  }
  const has = owners.map(({ name }) => name).join(", ");
  return slip(word, `${command.name} has no such option, ${has} has`);
}

/** The option that was meant by a name. */
export function suggest(
  word: string,
  { options }: CommandDefinition,
): OptionDefinition | undefined {
  const names = options.map(({ name }) => name);
  const found = nearest(word, names, OPTION_SYNONYMS);
  return options.find(({ name }) => name === found);
}

/** What is wrong with an option's value, or with its being there at all. */
export function checkOption(
  option: OptionDefinition,
  value: string | undefined,
  next: string | undefined,
  isRepeated: boolean,
): Slip | undefined {
  if (isRepeated && !option.isRepeated) {
    return slip(option.name, "it is given more than once", "give it once");
  }
  if (option.value === undefined) {
    if (value === undefined || /^(true|false|yes|no|y|n|t|f|1|0|on|off)$/i.test(value)) return;
    return slip(option.name, `it takes no value, not ${value}`, `write ${option.name}`);
  }
  if (value !== undefined) return;
  const missing = next === undefined || NO_VALUE.test(next);
  if (missing) return slip(option.name, "its value is missing", `write ${spellShort(option)}`);
}

function slip(where: string, what: string, remedy?: string): Slip {
  return { where, what, remedy };
}
