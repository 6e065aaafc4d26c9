/**
 * What `esxi-img --help` shows: what the program is for, its commands by what one wants to do, and
 * where to read on.
 *
 * @module
 */

import type { CommandDefinition, OptionDefinition } from "../definitions.ts";
import { entry, flow, groupOptions, type HelpOptions, layout, optionLabel } from "./help.ts";

/** What one wants to do, in the order of help. A command that is in none comes last. */
const GROUPS: readonly (readonly [title: string, commands: string])[] = [
  ["MAKE MEDIA", "build netboot convert"],
  ["CHECK AND LOOK", "check verify inspect"],
  ["PARTS AND TOOLS", ""],
];
const EXIT_STATUS = "0 when it is done, 1 when it failed, 2 for wrong usage, 128 and its number " +
  "after a signal. One line on standard error says what failed, where, and what to do.";
const VERSION_OPTION: OptionDefinition = {
  name: "--version",
  alias: "-v",
  brief: "Print the version and exit; with --json also what the program may do",
  isRepeated: false,
  isRequired: false,
};
/** Where the explanation of a command begins. */
const BRIEF_COLUMN = 14;

/** What is said of the program itself. */
export interface ProgramText {
  readonly version: string;
  /** Paragraphs, and examples that are indented by two blanks. */
  readonly description: string;
}

/** Writes the help of all commands. */
export function renderOverview(
  commands: readonly CommandDefinition[],
  { version, description }: ProgramText,
  options: HelpOptions,
): string {
  const { name, columns, withColor } = options;
  const { width, heading } = layout(columns, withColor);
  const shown = commands.filter(({ isHidden }) => !isHidden);
  const known = new Set(GROUPS.flatMap(([, names]) => names.split(" ")));
  const lines = [
    heading("USAGE"),
    `  ${name} COMMAND [OPTION]...`,
    `  ${name} COMMAND --help      all about a command`,
    "",
    ...flow(description, width),
  ];
  for (const [title, names] of GROUPS) {
    const members = names === ""
      ? shown.filter((command) => !known.has(command.name))
      : names.split(" ").flatMap((name) => shown.filter((command) => command.name === name));
    lines.push("", heading(title));
    for (const { name, brief } of members) {
      lines.push(...entry(`  ${name}`, brief, width, BRIEF_COLUMN));
    }
  }
  const [title, common] = groupOptions(shown[0]?.options ?? []).at(-1)!;
  lines.push("", heading(title));
  for (const option of common) lines.push(...entry(optionLabel(option), option.brief, width));
  lines.push("", heading("OF THE PROGRAM"));
  lines.push(...entry(optionLabel(VERSION_OPTION), VERSION_OPTION.brief, width));
  const indented = (text: string) => flow(text, width - 2).map((line) => `  ${line}`);
  lines.push("", heading("EXIT STATUS"), ...indented(EXIT_STATUS));
  const more =
    `This is ${name} ${version}. README.md and docs/, beside it, lead from the ISO to the login, ` +
    `by OpenStack, MAAS, USB stick, virtual media and network; docs/troubleshooting.md explains ` +
    `messages. With manual pages: man ${name}, man ${name}-build.`;
  lines.push("", heading("READ ON"), ...indented(more));
  return lines.join("\n") + "\n";
}
