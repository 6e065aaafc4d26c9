/**
 * @module
 */

import type { CommandDefinition, OptionDefinition, ValueDefinition } from "../definitions.ts";

/** Writes completions for zsh: to be sourced, or as `_esxi-img` in a folder of `$fpath`. */
export function zshCompletion(name: string, commands: readonly CommandDefinition[]): string {
  const f = `_${name}`;
  return `#compdef ${name}
# Completions of ${name} for zsh: source <(${name} completion zsh)
${f}() {
  local -a commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.brief}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then
      compadd -- --help --version
    else
      _describe -t commands command commands
      _files -g '*.(#i)iso'
    fi
    return
  fi
  local command=build # also if it is left out
  if [[ $words[2] != -* && $words[2] != *.[iI][sS][oO] ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${commands.map(caseOf).join("\n")}
  esac
}
if [[ $funcstack[1] == ${f} ]]; then
  ${f} "$@"
else
  compdef ${f} ${name}
fi
`;
}

function caseOf({ name, args, options }: CommandDefinition): string {
  const specs = [
    ...options.flatMap(optionSpecs),
    ...args.map((arg, i) =>
      quoted(`${i + 1}:${arg.isOptional ? ":" : ""}${escaped(arg.placeholder)}:${action(arg)}`)
    ),
  ];
  return `  ${name})\n    _arguments -S ${
    specs.map((spec) => `\\\n      ${spec}`).join(" ")
  }\n    ;;`;
}

/** See zshcompsys(1), `_arguments`. */
function optionSpecs({ name, alias, value, brief, isRepeated }: OptionDefinition): string[] {
  const names = alias === undefined ? [name] : [name, alias];
  const before = isRepeated ? "*" : `(${names.join(" ")})`;
  return names.map((option) => {
    const sign = value === undefined ? "" : option.startsWith("--") ? "=" : "";
    const takes = value === undefined ? "" : `:${escaped(value.placeholder)}:${action(value)}`;
    return quoted(`${before}${option}${sign}[${escaped(brief)}]${takes}`);
  });
}

function action({ offers }: ValueDefinition): string {
  if (offers === "files") return "_files";
  if (offers === "folders") return "_files -/";
  return offers.length === 0 ? " " : `(${offers.join(" ")})`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\\[\]:]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
