/**
 * Options from a file: what `--config` says becomes arguments, as if they had been typed.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { CommandDefinition, OptionDefinition } from "./definitions.ts";
import { findLong, suggest } from "./usage/option_words.ts";

/** A table as the TOML parser gives it. */
export type TomlTable = Readonly<Record<string, unknown>>;

/** What a command reads besides the table of its own name: check takes what build would. */
const ALSO: Readonly<Record<string, readonly string[]>> = { check: ["build"] };

/** Where options come from, and for whom. */
export interface ConfigScope {
  /** The file's name, for messages. */
  readonly path: string;
  /** Its folder, with a separator behind it, or empty: relative paths in it begin there. */
  readonly folder: string;
  readonly command: CommandDefinition;
  readonly commands: readonly CommandDefinition[];
  /** What the command line has already: it wins. */
  readonly given: ReadonlySet<OptionDefinition>;
}

/**
 * Turns a file's options into arguments: those at the top where the command has them, and those of
 * its own table, which win over the former.
 *
 * @throws {Failure} `usage` if an option is not known, or its value is of another kind.
 */
export function configArguments(table: TomlTable, scope: ConfigScope): string[] {
  const { command, commands } = scope;
  const chosen = new Map<OptionDefinition, string[]>();
  const add = (key: string, value: unknown, place: string, of: CommandDefinition) => {
    const found = findLong(key, of.options);
    if (found === undefined || isForeign(found)) throw unknown(scope.path, place, key, of);
    const words = wordsOf(found, key, value, place, scope);
    const own = command.options.find(({ name }) => name === found.name);
    if (own !== undefined && !scope.given.has(own)) chosen.set(own, words);
  };
  const tables: [name: string, table: TomlTable][] = [];
  for (const [key, value] of Object.entries(table)) {
    if (isTable(value)) {
      tables.push([key, value]);
      continue;
    }
    const owner = [command, ...commands].find(({ options }) => findLong(key, options));
    add(key, value, key, owner ?? command);
  }
  const names = [...ALSO[command.name] ?? [], command.name];
  for (
    const [name, entries] of tables.toSorted(([a], [b]) => names.indexOf(a) - names.indexOf(b))
  ) {
    const owner = commands.find((candidate) => candidate.name === name);
    if (owner === undefined) {
      throw new Failure("usage", scope.path, `[${name}] is no command`, "name one in the brackets");
    }
    if (!names.includes(name)) continue;
    for (const [key, value] of Object.entries(entries)) {
      add(key, value, `${name}.${key}`, owner);
    }
  }
  return [...chosen.values()].flat();
}

/** What cannot be in a file. */
function isForeign({ name }: OptionDefinition): boolean {
  return name === "--config" || name === "--help";
}

function unknown(path: string, place: string, key: string, command: CommandDefinition): Failure {
  const meant = suggest(key, command)?.name.replace(/^--(no-)?/, "");
  const remedy = meant === undefined ? `see esxi-img ${command.name} --help` : `write ${meant}`;
  return new Failure("usage", path, `${place} is no option`, remedy);
}

function wordsOf(
  option: OptionDefinition,
  key: string,
  value: unknown,
  place: string,
  { path, folder }: ConfigScope,
): string[] {
  const refuse = (what: string, remedy: string) =>
    new Failure("usage", path, `${place} ${what}`, remedy);
  if (option.value === undefined) {
    if (typeof value !== "boolean") throw refuse("is a switch", "write true or false");
    const isNegation = key.startsWith("no-");
    return isNegation ? (value ? [option.name] : []) : [`--${key}=${value}`];
  }
  if (Array.isArray(value) && !option.isRepeated) {
    throw refuse("has one value", "write it without brackets");
  }
  return (Array.isArray(value) ? value : [value]).map((one: unknown) => {
    if (typeof one !== "string" && typeof one !== "number") {
      throw refuse(`takes ${option.value!.placeholder}`, "write it in quotes");
    }
    const text = String(one);
    if (!/^[^\r\n]+$/.test(text)) throw refuse("is empty, or has a line break", "write one line");
    const isPath = option.value!.offers === "files" || option.value!.offers === "folders";
    return `${option.name}=${isPath ? resolve(text, folder) : text}`;
  });
}

function resolve(path: string, folder: string): string {
  return path === "-" || /^([/\\]|[A-Za-z]:)/.test(path) ? path : `${folder}${path}`;
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}
