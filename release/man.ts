/**
 * Writes manual pages from the definitions of the command line, with the macros of man(7) that
 * every reader knows.
 *
 * @module
 */

import type { CommandDefinition, OptionDefinition } from "../lib/cli/definitions.ts";
import { type PackedFile, textFile } from "./packed_file.ts";

const NAME = "esxi-img";
/** mandoc(1) calls longer lines bad style. */
const LINE_CHARACTERS = 79;

/** What all pages have in common. */
export interface ManOptions {
  readonly version: string;
  /** What the program is for, in a line. */
  readonly brief: string;
  /** Paragraphs, and examples that are indented by two blanks. */
  readonly description: string;
  /** The date of the pages, in seconds since 1970. */
  readonly timeSeconds: number;
}

/** Writes `esxi-img.1` and a page for each command, `esxi-img-build.1`. */
export function manPages(
  commands: readonly CommandDefinition[],
  options: ManOptions,
): PackedFile[] {
  return [
    textFile(`${NAME}.1`, mainPage(commands, options)),
    ...commands.map((command) =>
      textFile(`${NAME}-${command.name}.1`, commandPage(command, commands, options))
    ),
  ];
}

function mainPage(commands: readonly CommandDefinition[], options: ManOptions): string {
  return page(NAME, options.brief, options, [
    ".SH SYNOPSIS",
    ...commands.flatMap((command) => [...synopsis(command), ".br"]),
    `.B ${roff(NAME)} \\-\\-version`,
    ".RB [ \\-\\-json ]",
    ".SH DESCRIPTION",
    ...paragraphs(options.description),
    ".SH COMMANDS",
    ...commands.flatMap(({ name, brief }) => [
      ".TP",
      `.BR ${roff(`${NAME}-${name}`)} (1)`,
      ...wrapped(`${brief}.`),
    ]),
    ".SH EXIT STATUS",
    ".TP",
    ".B 0",
    "It is done.",
    ".TP",
    ".B 1",
    "It failed. One line on standard error says what failed, where, and what to do.",
    ".TP",
    ".B 2",
    "Wrong usage.",
    ".TP",
    ".B 128 and more",
    "It was stopped by the signal whose number is the rest.",
    ".SH ENVIRONMENT",
    ".TP",
    ".B SOURCE_DATE_EPOCH",
    "The time of everything in an image, in seconds since 1970.",
    ".TP",
    ".B NO_COLOR",
    "No colour, if it is set and not empty.",
    ".TP",
    ".B TERM",
    "No colour, and no line that is redrawn, if it is dumb.",
    ".TP",
    ".B HOME",
    ...wrapped("Used to say whether MAAS, installed as a snap, can read what was written."),
    ".SH SEE ALSO",
    ...seeAlso(commands.map(({ name }) => `${NAME}-${name}`)),
  ]);
}

function commandPage(
  command: CommandDefinition,
  commands: readonly CommandDefinition[],
  options: ManOptions,
): string {
  const { name, brief, description, args } = command;
  const others = commands.filter((other) => other !== command).map((other) =>
    `${NAME}-${other.name}`
  );
  return page(`${NAME}-${name}`, brief, options, [
    ".SH SYNOPSIS",
    ...synopsis(command),
    ".SH DESCRIPTION",
    ...paragraphs(description),
    ...(args.length === 0 ? [] : [".SH ARGUMENTS"]),
    ...args.flatMap((arg) => [".TP", `.I ${roff(arg.placeholder)}`, ...wrapped(`${arg.brief}.`)]),
    ".SH OPTIONS",
    ...command.options.flatMap((
      option,
    ) => [".TP", optionLine(option), ...wrapped(`${option.brief}.`)]),
    ".SH SEE ALSO",
    ...seeAlso([NAME, ...others]),
  ]);
}

function page(
  title: string,
  brief: string,
  { version, timeSeconds }: ManOptions,
  lines: readonly string[],
): string {
  const date = new Date(timeSeconds * 1000).toISOString().slice(0, 10);
  const summary = brief[0]!.toLowerCase() + brief.slice(1);
  return [
    `.TH ${roff(title).toUpperCase()} 1 ${date} "${NAME} ${version}" "${NAME}"`,
    ".SH NAME",
    `${roff(title)} \\-`,
    ...wrapped(summary),
    ...lines,
    "",
  ].join("\n");
}

function synopsis({ name, args, options }: CommandDefinition): string[] {
  return [
    `.B ${roff(NAME)} ${roff(name)}`,
    ...args.map(({ placeholder, isOptional }) =>
      isOptional ? `.RI [ ${roff(placeholder)} ]` : `.I ${roff(placeholder)}`
    ),
    ...options.filter(({ isRequired }) => isRequired).map(({ name, alias, value }) =>
      `.BI ${roff(alias ?? name)} " ${roff(value?.placeholder ?? "")}"`
    ),
    ".RI [ options ]",
  ];
}

/** `-o PATH, --output PATH`, with what is typed as it stands in bold. */
function optionLine({ name, alias, value, isRepeated }: OptionDefinition): string {
  const names = alias === undefined ? [name] : [alias, name];
  const takes = value === undefined ? "" : ` \\fI${roff(value.placeholder)}\\fR`;
  const line = names.map((word) => `\\fB${roff(word)}\\fR${takes}`).join(", ");
  return isRepeated ? `${line} ...` : line;
}

/** Lines that are indented stand as they are; others are filled. */
function paragraphs(text: string): string[] {
  const runs: { isExample: boolean; lines: string[] }[] = [];
  for (const block of text.split(/\n\s*\n/)) {
    block.split("\n").forEach((line, i) => {
      const isExample = line.startsWith("  ");
      const last = runs.at(-1);
      if (i > 0 && last?.isExample === isExample) last.lines.push(line);
      else runs.push({ isExample, lines: [line] });
    });
  }
  return runs.flatMap(({ isExample, lines }, i) => [
    ...(i > 0 ? [".PP"] : []),
    ...(isExample
      ? [".RS 4", ".EX", ...lines.map((line) => roff(line.slice(2))), ".EE", ".RE"]
      : wrapped(lines.join(" "))),
  ]);
}

/** A sentence or more, as lines of source that are not too long. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((word) => word !== "")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (roff(longer).length <= LINE_CHARACTERS) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines.map(roff);
}

function seeAlso(names: readonly string[]): string[] {
  return names.map((name, i) => `.BR ${roff(name)} (1)${i < names.length - 1 ? "," : ""}`);
}

/** Text as it is: dashes that can be copied, nothing that begins a request. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha")
    .replaceAll("…", "\\&...");
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
