/**
 * What `esxi-img completion SHELL` does.
 *
 * @module
 */

import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { zshCompletion } from "./completion/zsh.ts";
import type { CommandDefinition, SHELLS } from "./definitions.ts";
import type { CommonFlags } from "./flags.ts";
import { printResult } from "./results.ts";
import { writeStdout } from "../host/terminal.ts";

/** A shell that completions are made for. */
export type Shell = (typeof SHELLS)[number];

const WRITERS = { bash: bashCompletion, fish: fishCompletion, zsh: zshCompletion };

/** Writes a shell's completions. */
export function completionFor(shell: Shell, commands: readonly CommandDefinition[]): string {
  return WRITERS[shell]("esxi-img", [...commands, helpAbout(commands)]);
}

/** `help COMMAND`, which is no command but another way to write `COMMAND --help`. */
function helpAbout(commands: readonly CommandDefinition[]): CommandDefinition {
  const brief = "Show the help of a command";
  const offers = commands.map(({ name }) => name);
  return {
    name: "help",
    isHidden: false,
    brief,
    description: brief,
    args: [{ placeholder: "COMMAND", offers, brief: "The command", isOptional: true }],
    options: [],
  };
}

/** Prints a shell's completions. */
export function runCompletion(
  { json }: CommonFlags,
  shell: Shell,
  commands: readonly CommandDefinition[],
): void {
  const script = completionFor(shell, commands);
  if (json) printResult({ shell, script });
  else writeStdout(script);
}
