/**
 * `esxi-img completion bash|fish|zsh`
 *
 * @module
 */

import { buildCommand, type Command, type CommandContext } from "@stricli/core";
import { type CommandDefinition, SHELLS } from "./definitions.ts";
import { commonAliases, type CommonFlags, commonFlags } from "./flags.ts";
import type { Shell } from "./run_completion.ts";

function parseShell(word: string): Shell {
  const name = word.toLowerCase().replace(/^.*\//, ""); // as in completion "$SHELL"
  const shell = SHELLS.find((candidate) => candidate === name);
  if (shell === undefined) {
    throw new RangeError(`there is no shell ${word} here; use one of ${SHELLS.join(", ")}`);
  }
  return shell;
}

/**
 * Makes the command.
 *
 * @param listCommands Tells what there is to complete, this command included.
 */
export function completionCommand(
  listCommands: () => readonly CommandDefinition[],
): Command<CommandContext> {
  return buildCommand<CommonFlags, [shell: Shell]>({
    loader: async () => {
      const { runCompletion } = await import("./run_completion.ts");
      return (flags, shell) => runCompletion(flags, shell, listCommands());
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{
          parse: parseShell,
          placeholder: "SHELL",
          brief: `The shell: ${SHELLS.join(", ")}`,
        }],
      },
      aliases: commonAliases,
      flags: { ...commonFlags },
    },
    docs: {
      brief: "Write completions for a shell",
      fullDescription: [
        "Writes completions of commands, options, formats and files. In the shell's start file:",
        "",
        "  source <(esxi-img completion bash)          ~/.bashrc",
        "  source <(esxi-img completion zsh)           ~/.zshrc, after compinit",
        "  esxi-img completion fish | source           ~/.config/fish/config.fish",
      ].join("\n"),
    },
  });
}
