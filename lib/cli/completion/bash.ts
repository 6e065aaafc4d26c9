/**
 * @module
 */

import type { CommandDefinition, ValueDefinition } from "../definitions.ts";

/**
 * Writes completions for bash, 3.2 and later. It needs nothing but bash. Where no word of ours
 * fits, bash completes files.
 */
export function bashCompletion(name: string, commands: readonly CommandDefinition[]): string {
  const f = `_${name.replaceAll("-", "_")}`;
  return `# Completions of ${name} for bash: source <(${name} completion bash)
# shellcheck shell=bash
${f}() {
  local command word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  # --format=raw comes as three words
  if [[ $word == "=" ]]; then
    word=
  elif [[ $before == "=" ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    words=${quoted([...commands.map((command) => command.name), "--help", "--version"])}
  else
    command=\${COMP_WORDS[1]}
    # a command that is left out is build
    if [[ $command == -* || $command == *.[iI][sS][oO] ]]; then command=build; fi
    case "$command $before" in
${commands.flatMap(values).join("\n")}
    *)
      case "$command $word" in
${commands.flatMap(wordsOf).join("\n")}
      esac
      ;;
    esac
  fi
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(compgen -W "$words" -- "$word")
}
complete -o bashdefault -o default -F ${f} ${name}
`;
}

/** What may stand behind an option. */
function values({ name, options }: CommandDefinition): string[] {
  const byWords = new Map<string, string[]>();
  for (const { name: option, alias, value } of options) {
    if (value === undefined) continue;
    const patterns = [option, ...(alias === undefined ? [] : [alias])].map((o) => `"${name} ${o}"`);
    const words = wordsFor(value);
    byWords.set(words, [...byWords.get(words) ?? [], ...patterns]);
  }
  return [...byWords].map(([words, patterns]) => `    ${patterns.join(" | ")}) words=${words} ;;`);
}

/** What else may stand there: options, or words that are arguments. */
function wordsOf({ name, args, options }: CommandDefinition): string[] {
  const names = options.map((option) => option.name);
  const words = args.map(wordsFor).find((candidate) => candidate !== "''");
  return [
    `      "${name} -"*) words=${quoted(names)} ;;`,
    ...(words === undefined ? [] : [`      "${name} "*) words=${words} ;;`]),
  ];
}

function wordsFor({ offers }: ValueDefinition): string {
  return quoted(typeof offers === "string" ? [] : offers);
}

function quoted(words: readonly string[]): string {
  return `'${words.join(" ")}'`;
}
