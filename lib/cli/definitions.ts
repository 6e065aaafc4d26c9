/**
 * What the command line consists of, as data: completions and manual pages are made from it.
 *
 * @module
 */

import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { formatNames } from "../formats/formats.ts";

/** What stands for an option's or an argument's value: the placeholder says what can be completed. */
export interface ValueDefinition {
  /** In capitals: `FILE`. */
  readonly placeholder: string;
  /** What a shell can offer: files, folders, these words, or nothing. */
  readonly offers: "files" | "folders" | readonly string[];
}

/** An option, as `-o PATH, --output PATH`. */
export interface OptionDefinition {
  /** With its dashes, as in `--output`; of a switch that is on, `--no-color`. */
  readonly name: string;
  /** With its dash, as in `-o`. */
  readonly alias?: string;
  /** Missing for a switch. */
  readonly value?: ValueDefinition;
  readonly brief: string;
  /** Whether it may be given again and again. */
  readonly isRepeated: boolean;
  /** Whether the command does nothing without it. */
  readonly isRequired: boolean;
}

/** An argument, as `ISO`. */
export interface ArgumentDefinition extends ValueDefinition {
  readonly brief: string;
  readonly isOptional: boolean;
}

/** A command. */
export interface CommandDefinition {
  readonly name: string;
  /** Whether help leaves it out. */
  readonly isHidden: boolean;
  readonly brief: string;
  /** Paragraphs, and examples that are indented by two blanks. */
  readonly description: string;
  readonly args: readonly ArgumentDefinition[];
  readonly options: readonly OptionDefinition[];
}

/** What every command has that no command defines. */
const HELP: OptionDefinition = {
  name: "--help",
  alias: "-h",
  brief: "Print help and exit",
  isRepeated: false,
  isRequired: false,
};
/** Shells that completions are made for. */
export const SHELLS = ["bash", "fish", "zsh"] as const;
/** Placeholders of files. */
const FILES = ["FILE", "IMAGE", "ISO", "OUT", "PATH"];

/**
 * The commands of a command line, in the order of its help.
 *
 * @param withHidden Whether to list those that help does not show, too.
 */
export function listCommands(
  routes: RouteMap<CommandContext>,
  withHidden: boolean = false,
): CommandDefinition[] {
  return routes.getAllEntries().flatMap(({ name, target, hidden }) =>
    (hidden && !withHidden) || !("parameters" in target)
      ? []
      : [define(name["convert-camel-to-kebab"], target, hidden)]
  );
}

function define(
  name: string,
  command: Command<CommandContext>,
  isHidden: boolean,
): CommandDefinition {
  const { flags = {}, aliases = {}, positional } = command.parameters;
  const parameters = positional === undefined
    ? []
    : positional.kind === "tuple"
    ? positional.parameters
    : [positional.parameter];
  const defineOptions = () =>
    Object.entries(flags).map(([key, flag]): OptionDefinition => {
      const alias = Object.entries(aliases).find(([, of]) => of === key)?.[0];
      const isOn = flag.kind === "boolean" && flag.default === true;
      return {
        name: `--${isOn ? "no-" : ""}${kebab(key)}`,
        ...(alias === undefined ? {} : { alias: `-${alias}` }),
        ...(flag.kind === "boolean" || flag.kind === "counter"
          ? {}
          : flag.kind === "enum"
          ? { value: { placeholder: flag.placeholder ?? "VALUE", offers: flag.values } }
          : { value: valueFor(flag.placeholder, flag.brief) }),
        brief: isOn ? `No ${flag.brief[0]!.toLowerCase()}${flag.brief.slice(1)}` : flag.brief,
        isRepeated: "variadic" in flag && flag.variadic !== undefined && flag.variadic !== false,
        isRequired: flag.kind === "parsed" && flag.default === undefined && flag.optional !== true,
      };
    });
  let options: readonly OptionDefinition[] | undefined;
  return {
    name,
    isHidden,
    brief: command.brief,
    description: command.fullDescription ?? command.brief,
    args: parameters.map(({ placeholder, brief, optional }) => ({
      ...valueFor(placeholder),
      brief,
      isOptional: optional === true,
    })),
    // When they are asked for: a run looks at those of one command.
    get options() {
      return options ??= [...defineOptions(), HELP];
    },
  };
}

/** @param brief Of formats, those that it names are offered. */
function valueFor(placeholder = "VALUE", brief = ""): ValueDefinition {
  if (FILES.includes(placeholder)) return { placeholder, offers: "files" };
  if (placeholder === "DIR") return { placeholder, offers: "folders" };
  if (placeholder === "FORMAT") {
    const names = brief.startsWith(formatNames("disk")) && !brief.startsWith(formatNames())
      ? formatNames("disk")
      : formatNames();
    return { placeholder, offers: names.split(", ") };
  }
  if (placeholder === "SHELL") return { placeholder, offers: SHELLS };
  return { placeholder, offers: [] };
}

function kebab(camel: string): string {
  return camel.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}
