/**
 * Reads the file that `--config` names.
 *
 * @module
 */

import type { TomlError } from "smol-toml";
import { Failure } from "../blocks/failure.ts";
import { readSmall } from "../host/files.ts";
import { splitPath } from "../host/paths.ts";
import { configArguments, type TomlTable } from "./config.ts";
import type { CommandDefinition } from "./definitions.ts";
import { readWords } from "./usage/find_slip.ts";

/** Far more than all options take. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Puts what a file says into a command line that names one.
 *
 * @param words The command first.
 * @throws {Failure} `io` if it cannot be read, `usage` if it is not TOML, or as
 * {@linkcode configArguments}.
 */
export async function expandConfig(
  words: readonly string[],
  commands: readonly CommandDefinition[],
): Promise<readonly string[]> {
  const [name = "", ...rest] = words;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return words;
  const end = rest.indexOf("--");
  const read = readWords(command, end < 0 ? rest : rest.slice(0, end), commands);
  if ("where" in read) return words; // a slip, which is told as such
  const [, path] = [...read.given].find(([option]) => option.name === "--config") ?? [];
  if (path === undefined) return words;
  const { parse } = await import("smol-toml");
  const bytes = await readSmall(path, MAX_CONFIG_BYTES);
  const table = parseToml(parse, bytes, path);
  const { folder } = splitPath(path);
  const given = new Set(read.given.keys());
  return [name, ...configArguments(table, { path, folder, command, commands, given }), ...rest];
}

function parseToml(
  parse: (text: string) => TomlTable,
  bytes: Uint8Array,
  path: string,
): TomlTable {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Failure("usage", path, "it is not UTF-8 text", "save it as UTF-8", error);
  }
  try {
    return parse(text);
  } catch (error) {
    const { message, line, column } = error as TomlError;
    const [first = ""] = message.split("\n");
    const what = first.replace(/^Invalid TOML document: /, "");
    throw new Failure(
      "usage",
      `${path}:${line}:${column}`,
      `not TOML: ${what}`,
      "correct it",
      error,
    );
  }
}
