/**
 * Asks for a password on a terminal, which does not show what is typed.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { abortOnSignal, endByInterrupt } from "./signals.ts";
import { writeStderr } from "./terminal.ts";

/** Characters that edit a line, as terminals send them (termios(3): VERASE, VKILL, VINTR, VEOF). */
const ERASE = new Set(["\x7f", "\b"]);
const KILL = "\x15";
const INTERRUPT = "\x03";
const END_OF_FILE = "\x04";
const ENTER = new Set(["\r", "\n"]);

/** Whether somebody types what the program reads from standard input. */
export function isTyped(): boolean {
  return Deno.stdin.isTerminal();
}

/**
 * Asks for root's password, twice.
 *
 * @throws {Failure} `usage` if it was typed differently, or cannot be typed when it is needed.
 */
export async function askPassword(): Promise<string> {
  const restore = () => Deno.stdin.setRaw(false);
  using _signals = abortOnSignal(() => {
    restore();
    return [];
  });
  Deno.stdin.setRaw(true);
  try {
    const characters = typedCharacters(restore);
    const first = await askLine("root's password: ", characters);
    const second = await askLine("once more: ", characters);
    if (first === "" && second === "") {
      throw new Failure("usage", "standard input", "no password was typed", "run it again");
    }
    if (first === second) return first;
  } finally {
    restore();
  }
  throw new Failure(
    "usage",
    "standard input",
    "two different passwords were typed",
    "run it again",
  );
}

/** Reads a line. More may be read already than it, where it was pasted. */
async function askLine(
  question: string,
  characters: AsyncGenerator<string, void>,
): Promise<string> {
  writeStderr(question);
  const line: string[] = [];
  for (;;) {
    const { value: character, done } = await characters.next();
    if (done || character === END_OF_FILE) {
      writeStderr("\n");
      const what = "it ended before a password was typed";
      throw new Failure("usage", "standard input", what, "type one and press Enter");
    }
    if (ENTER.has(character)) break;
    if (ERASE.has(character)) line.pop();
    else if (character === KILL) line.length = 0;
    else line.push(character);
  }
  writeStderr("\n");
  if (!line.some((character) => /\p{Cc}/u.test(character))) return line.join("");
  const what = "the password holds a control character, as arrow keys send them";
  throw new Failure("usage", "standard input", what, "type it without");
}

async function* typedCharacters(restore: () => void): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(256);
  for (;;) {
    const count = await Deno.stdin.read(bytes);
    if (count === null) return;
    for (const character of decoder.decode(bytes.subarray(0, count), { stream: true })) {
      if (character === INTERRUPT) {
        restore();
        writeStderr("\n");
        endByInterrupt();
      }
      yield character;
    }
    bytes.fill(0);
  }
}
