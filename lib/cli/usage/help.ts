/**
 * A command's help: its options by what they are about, with what stands for their values.
 *
 * @module
 */

import type { CommandDefinition, OptionDefinition } from "../definitions.ts";

/** What options are about, in the order of help. An option that is in none comes before the last. */
const GROUPS: readonly (readonly [title: string, options: string])[] = [
  ["OUTPUT", "output format size free label compress batch svg prefix seed force sync"],
  ["WHO CAN LOG IN", "root-password-file ssh-key allow-ed25519"],
  [
    "WHAT IS INSTALLED, AND WHERE",
    "metadata require-metadata kickstart kickstart-as-is install-disk vcenter-ca vcenter-insecure " +
    "no-maas maas-port-group allow-secure-boot",
  ],
  [
    "WHAT IS BOOTED",
    "payload module driver allow-community-drivers kernelopt boot-option",
  ],
  ["CHECKS", "iso manifest iso-sha256 verify strict"],
  ["MORE", ""],
  ["OF EVERY COMMAND", "quiet json no-color config debug help"],
];
const FALLBACK = "MORE";
/** Documents of a command, besides those for all. */
const READ_ON: Readonly<Record<string, string>> = {
  build: "openstack maas usb-and-virtual-media many-hosts kickstart metadata drivers boot-options",
  netboot: "netboot kickstart metadata drivers",
  check: "checks",
  convert: "outputs",
  verify: "manifest outputs",
  kickstart: "kickstart",
  payload: "try-your-metadata metadata",
};
/** Where the explanation of an option begins. */
const BRIEF_COLUMN = 34;
const MIN_COLUMNS = 60;
const MAX_COLUMNS = 100;

/** How help is shown. */
export interface HelpOptions {
  /** The program. */
  readonly name: string;
  /** How wide it may be; within reason that is kept. */
  readonly columns: number;
  readonly withColor: boolean;
}

/** Writes a command's help. */
export function renderHelp(
  command: CommandDefinition,
  { name, columns, withColor }: HelpOptions,
): string {
  const { width, heading } = layout(columns, withColor);
  const lines = [
    heading("USAGE"),
    `  ${usageLine(name, command)}`,
    "",
    ...flow(command.description, width),
  ];
  if (command.args.length > 0) {
    lines.push("", heading(command.args.length === 1 ? "ARGUMENT" : "ARGUMENTS"));
    for (const { placeholder, brief } of command.args) {
      lines.push(...entry(`  ${placeholder}`, brief, width));
    }
  }
  for (const [title, options] of groupOptions(command.options)) {
    lines.push("", heading(title));
    for (const option of options) lines.push(...entry(optionLabel(option), option.brief, width));
  }
  const documents = [...(READ_ON[command.name]?.split(" ") ?? []), "scripts", "troubleshooting"];
  const paths = documents.map((document) => `docs/${document}.md`).join(", ");
  lines.push("", heading("READ ON"), ...wrap(paths, width - 2).map((line) => `  ${line}`));
  return lines.join("\n") + "\n";
}

/** How wide help is, and how a heading looks. */
export function layout(columns: number, withColor: boolean) {
  return {
    width: Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, columns)),
    heading: (text: string) => withColor ? `\x1b[1m${text}\x1b[0m` : text,
  };
}

/** Fills paragraphs. Lines that are indented, as examples are, stand as they are. */
export function flow(text: string, width: number): string[] {
  const runs: string[] = [];
  for (const line of text.split("\n")) {
    const isFilled = line !== "" && !line.startsWith(" ");
    const last = runs.at(-1);
    const goesOn = isFilled && last !== undefined && last !== "" && !last.startsWith(" ");
    if (goesOn) runs.splice(-1, 1, `${last} ${line}`);
    else runs.push(line);
  }
  return runs.flatMap((run) => run.startsWith(" ") ? [run] : wrap(run, width));
}

/** As in `esxi-img convert IMAGE -o PATH [OPTION]...`. */
function usageLine(program: string, { name, args, options }: CommandDefinition): string {
  const words = args.map(({ placeholder, isOptional }) =>
    isOptional ? `[${placeholder}]` : placeholder
  );
  const required = options.filter(({ isRequired }) => isRequired)
    .map(({ name, alias, value }) => `${alias ?? name} ${value?.placeholder ?? ""}`);
  return [program, name, ...words, ...required, "[OPTION]..."].join(" ");
}

/** As in `  -o, --output PATH`. */
export function optionLabel({ name, alias, value, isRepeated }: OptionDefinition): string {
  const short = alias === undefined ? "    " : `${alias}, `;
  const shown = value === undefined ? name : `${name} ${value.placeholder}`;
  return `  ${short}${shown}${isRepeated ? " ..." : ""}`;
}

/** Groups that have options, each with them in its own order. */
export function groupOptions(
  options: readonly OptionDefinition[],
): (readonly [title: string, options: OptionDefinition[]])[] {
  const known = new Set(GROUPS.flatMap(([, names]) => names.split(" ")));
  const plain = ({ name }: OptionDefinition) => name.slice("--".length);
  return GROUPS.map(([title, names]) => {
    const wanted = names.split(" ");
    const members = title === FALLBACK
      ? options.filter((option) => !known.has(plain(option)))
      : wanted.flatMap((name) => options.filter((option) => plain(option) === name));
    return [title, members] as const;
  }).filter(([, members]) => members.length > 0);
}

/**
 * A label, and what explains it in lines beside it.
 *
 * @param column Where these begin.
 */
export function entry(
  label: string,
  brief: string,
  width: number,
  column: number = BRIEF_COLUMN,
): string[] {
  const [first = "", ...rest] = wrap(brief, width - column);
  const indent = " ".repeat(column);
  const head = label.length < column - 1 ? [label.padEnd(column) + first] : [label, indent + first];
  return [...head, ...rest.map((line) => indent + line)];
}

/** Breaks a paragraph between words. A word that is too long stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
