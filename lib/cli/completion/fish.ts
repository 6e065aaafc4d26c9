/**
 * @module
 */

import type { CommandDefinition, OptionDefinition, ValueDefinition } from "../definitions.ts";

/** Writes completions for fish. */
export function fishCompletion(name: string, commands: readonly CommandDefinition[]): string {
  const first = `complete -c ${name} -n __fish_use_subcommand`;
  return [
    `# Completions of ${name} for fish: ${name} completion fish | source`,
    `complete -c ${name} -f`,
    `${first} -l help -s h -d 'Print help and exit'`,
    `${first} -l version -s v -d 'Print the version and exit'`,
    ...commands.flatMap((command) => [
      `${first} -a ${command.name} -d ${quoted(command.brief)}`,
      ...linesOf(`complete -c ${name} -n '__fish_seen_subcommand_from ${command.name}'`, command),
    ]),
    "",
  ].join("\n");
}

function linesOf(start: string, { args, options }: CommandDefinition): string[] {
  return [
    // fish completes arguments as one kind, whatever their number
    ...args.slice(0, 1).map((arg) => `${start} ${valueOf(arg)}`.replace(" -r", "")),
    ...options.map((option) => `${start} ${optionOf(option)}`),
  ];
}

function optionOf({ name, alias, value, brief }: OptionDefinition): string {
  return [
    ...(alias === undefined ? [] : [`-s ${alias.slice(1)}`]),
    `-l ${name.slice(2)}`,
    ...(value === undefined ? [] : [valueOf(value)]),
    `-d ${quoted(brief)}`,
  ].join(" ");
}

function valueOf({ offers }: ValueDefinition): string {
  if (offers === "files") return "-r -F";
  if (offers === "folders") return "-r -f -a '(__fish_complete_directories)'";
  return offers.length === 0 ? "-r -f" : `-r -f -a ${quoted(offers.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
