/**
 * Finds what is wrong with a command line, in the order of its words, and what was meant.
 *
 * The parser refuses the same lines, in words of its own; this knows what people mean.
 *
 * @module
 */

import type { CommandDefinition, OptionDefinition } from "../definitions.ts";
import { nearest } from "./nearest.ts";
import { checkOption, looksLikeOption, readOption } from "./option_words.ts";
import { type Slip, spellShort } from "./slip.ts";
import { COMMAND_SYNONYMS } from "./synonyms.ts";

/** What the parser itself takes, at whatever place. */
const HELP = new Set(["-h", "--help", "-H", "--help-all", "--helpAll"]);
/** Of a size. */
const UNIT = /^[KMGT]i?B?$/i;
/** What else people ask the program for. */
const QUESTIONS = ["--help", "--version"];
/** Files that are looked into if they stand in the place of a command. */
const IMAGE_NAME = /\.(img|raw|gz|qcow2|vmdk|vhd|dd)$/i;

/**
 * Finds the first slip.
 *
 * @param args As the parser gets them: the command first.
 * @param commands Hidden ones too, for which only options and arguments are looked at.
 */
export function findSlip(
  args: readonly string[],
  commands: readonly CommandDefinition[],
): Slip | undefined {
  const [first, ...words] = args;
  if (first === undefined || first.startsWith("-")) return undefined;
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) return unknownCommand(first, words, commands);
  const end = words.indexOf("--");
  const read = end < 0 ? words : words.slice(0, end);
  if (asksForHelp(words)) return undefined;
  return findInCommand(command, read, end < 0 ? [] : words.slice(end + 1), commands);
}

/** Whether help is asked for, wherever among the words behind a command. */
export function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end < 0 ? words : words.slice(0, end)).some((word) => HELP.has(word));
}

function unknownCommand(
  first: string,
  [next]: readonly string[],
  commands: readonly CommandDefinition[],
): Slip {
  const names = commands.filter(({ isHidden }) => !isHidden).map(({ name }) => name);
  if (first === "help") {
    const topic = next === undefined ? undefined : nearest(next, names, COMMAND_SYNONYMS);
    const remedy = topic === undefined ? "esxi-img --help" : `esxi-img ${topic} --help`;
    return { where: next ?? first, what: "there is no such command", remedy: `write ${remedy}` };
  }
  if (IMAGE_NAME.test(first)) {
    const remedy = `write esxi-img inspect ${first}`;
    return { where: first, what: "this is a file, and no command", remedy };
  }
  const meant = nearest(first, [...names, ...QUESTIONS], COMMAND_SYNONYMS);
  const remedy = meant === undefined ? undefined : `write esxi-img ${meant}`;
  return { where: first, what: "there is no such command", remedy };
}

function findInCommand(
  command: CommandDefinition,
  words: readonly string[],
  escaped: readonly string[],
  commands: readonly CommandDefinition[],
): Slip | undefined {
  const read = readWords(command, words, commands);
  if ("where" in read) return read;
  const given = new Set(read.given.keys());
  return checkArguments(command, [...read.args, ...escaped], given, commands) ??
    checkRequired(command, given);
}

/** What the words behind a command are. */
export interface Words {
  /** The options, with the value of each that has one: the last, if it is given repeatedly. */
  readonly given: ReadonlyMap<OptionDefinition, string | undefined>;
  readonly args: readonly string[];
}

/** Tells options from arguments, up to the first slip. */
export function readWords(
  command: CommandDefinition,
  words: readonly string[],
  commands: readonly CommandDefinition[],
): Words | Slip {
  const given = new Map<OptionDefinition, string | undefined>();
  const args: string[] = [];
  const others = commands.filter((other) => other !== command && !other.isHidden);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!looksLikeOption(word)) {
      args.push(word);
      continue;
    }
    const read = readOption(word, command, others);
    if ("where" in read) return read;
    for (const option of read.options) {
      const slip = checkOption(option, read.value, words[i + 1], given.has(option));
      if (slip !== undefined) return slip;
      const isApart = option.value !== undefined && read.value === undefined;
      given.set(option, isApart ? words[++i] : read.value);
    }
  }
  return { given, args };
}

function checkArguments(
  command: CommandDefinition,
  args: readonly string[],
  given: ReadonlySet<OptionDefinition>,
  commands: readonly CommandDefinition[],
): Slip | undefined {
  const missing = command.args[args.length];
  if (missing !== undefined && !missing.isOptional) {
    const synopsis = command.args.map(({ placeholder }) => placeholder).join(" ");
    return {
      where: missing.placeholder,
      what: `${command.name} needs it: ${missing.brief[0]!.toLowerCase()}${missing.brief.slice(1)}`,
      remedy: `write esxi-img ${command.name} ${synopsis}`,
    };
  }
  const extra = args[command.args.length];
  if (extra === undefined) return undefined;
  if (commands.some(({ name }) => name === extra)) {
    const remedy = `write esxi-img ${extra} ${args[0] ?? ""}`.trimEnd();
    return { where: extra, what: "the command stands in front of its arguments", remedy };
  }
  const named = command.options.find(({ name }) =>
    name === `--${/^(.+?)=/.exec(extra)?.[1] ?? ""}`
  );
  if (named !== undefined) {
    return { where: extra, what: "an option begins with two hyphens", remedy: `write --${extra}` };
  }
  return { where: extra, ...extraArgument(command, args, extra, given) };
}

/** What an argument too many was meant to be. */
function extraArgument(
  command: CommandDefinition,
  args: readonly string[],
  extra: string,
  given: ReadonlySet<OptionDefinition>,
): Omit<Slip, "where"> {
  const option = (name: string) =>
    command.options.find((option) => option.name === name && !given.has(option));
  const isIso = /\.iso$/i.test(extra);
  const meant = isIso ? option("--iso") : command.args.length > 0 ? option("--output") : undefined;
  const count = command.args.length;
  const what = count === 0
    ? `${command.name} takes no argument`
    : `${command.name} takes ${count === 1 ? "one argument" : `${count} arguments`}`;
  if (extra.startsWith("-")) {
    return { what: "behind -- every word is an argument", remedy: "write options before it" };
  }
  if (UNIT.test(extra)) return { what, remedy: `write ${extra} at its number, without a blank` };
  const [first = ""] = args;
  if (option("--iso") !== undefined && !isIso && /\.iso$/i.test(first)) {
    return { what, remedy: `write esxi-img ${command.name} ${extra} --iso ${first}` };
  }
  if (meant === undefined) {
    return { what, remedy: "leave it out, or put quotes around a name with blanks" };
  }
  return { what, remedy: `write ${meant.alias ?? meant.name} ${extra}` };
}

function checkRequired(
  command: CommandDefinition,
  given: ReadonlySet<OptionDefinition>,
): Slip | undefined {
  const missing = command.options.find((option) => option.isRequired && !given.has(option));
  if (missing === undefined) return undefined;
  return {
    where: missing.name,
    what: `${command.name} needs it`,
    remedy: `write ${spellShort(missing)}`,
  };
}
