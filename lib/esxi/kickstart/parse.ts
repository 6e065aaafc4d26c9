/**
 * Takes a kickstart apart: commands, one a line, then scripts in sections. Nothing is judged here;
 * every part says where it stands, and all of it together is the text, byte for byte.
 *
 * What the installation manuals of vSphere 6.7 to 8.0 and ESX 9.0 say:
 *
 * - a command is a line of words, `#` begins a comment, quotes keep blanks together;
 * - `%pre`, `%post` and `%firstboot` begin a script, which ends where the next `%` line stands;
 * - `%include FILE` is a command. `%end` is no part of the language, though some files carry it.
 *
 * Texts have one character for each byte (Latin-1), so that scripts come out as they went in.
 *
 * @module
 */

/** A word of a line. */
export interface Word {
  /** Without its quotes. */
  readonly value: string;
  /** Where it begins, from 1. */
  readonly column: number;
  /** The column behind it. */
  readonly endColumn: number;
}

/** A command and what follows it. */
export interface Statement {
  readonly name: Word;
  readonly words: readonly Word[];
  /** Its line, from 1. */
  readonly line: number;
  /** Where a quote begins that does not end, from 1. */
  readonly openQuoteColumn?: number | undefined;
}

/** A line that is not part of a script. */
export interface CommandLine {
  /** As it stands, with its line break if it has one. */
  readonly text: string;
  /** Nothing for blank lines and comments. */
  readonly statement?: Statement | undefined;
}

/** A script. */
export interface Section {
  /** As in `%firstboot`. */
  readonly name: string;
  /** Its first line as it stands, with its line break if it has one. */
  readonly header: string;
  readonly options: readonly Word[];
  /** The number of its first line, from 1. */
  readonly line: number;
  /** All lines after the first as they stand. */
  readonly body: string;
}

/** A kickstart. */
export interface Kickstart {
  /** Commands, comments and blank lines, wherever they stand. */
  readonly lines: readonly CommandLine[];
  readonly sections: readonly Section[];
  /** The numbers of the lines that say `%end`, from 1. */
  readonly endLines: readonly number[];
}

/** The sections that ESXi knows. */
export const SECTION_NAMES = ["%pre", "%post", "%firstboot"] as const;
/** What ends a script when it begins a line: ESXi's own words, and sections of other systems. */
const SECTION_START = /^%(?:pre|post|firstboot|packages|addon|anaconda|onerror|traceback)(?![\w-])/;
const END = /^%end[ \t\r]*(?:#.*)?$/;
/** Another text in a script, and a command elsewhere. */
const INCLUDE = /^%include(?!\w)/;

/** Takes a kickstart apart. */
export function parseKickstart(text: string): Kickstart {
  const lines: CommandLine[] = [];
  const endLines: number[] = [];
  const sections: { name: string; header: string; line: number; body: string[] }[] = [];
  let body: string[] | undefined;
  splitLines(text).forEach((raw, index) => {
    const line = withoutBreak(raw);
    const start = SECTION_START.exec(line);
    if (start !== null) {
      body = [];
      sections.push({ name: start[0], header: raw, line: index + 1, body });
    } else if (END.test(line)) {
      endLines.push(index + 1);
      body = undefined;
    } else if (body !== undefined && !INCLUDE.test(line)) {
      body.push(raw);
    } else {
      body = undefined;
      lines.push({ text: raw, statement: readStatement(line, index + 1) });
    }
  });
  return {
    lines,
    endLines,
    sections: sections.map(({ name, header, line, body }) => ({
      name,
      header,
      line,
      options: readStatement(withoutBreak(header), line)?.words ?? [],
      body: body.join(""),
    })),
  };
}

/** The statements of a kickstart, in order. */
export function statementsOf({ lines }: Kickstart): Statement[] {
  return lines.flatMap(({ statement }) => statement === undefined ? [] : [statement]);
}

/** The value of an option such as `--interpreter=python`, if it is given; of two the last. */
export function optionValue(words: readonly Word[], name: string): string | undefined {
  return words.findLast(({ value }) => value.startsWith(`${name}=`))?.value.slice(name.length + 1);
}

/** What runs a script: busybox unless it says otherwise. */
export function interpreterOf(section: Section): string {
  return optionValue(section.options, "--interpreter") ?? "busybox";
}

/** Lines with their line breaks. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function withoutBreak(line: string): string {
  return line.replace(/\r?\n$/, "");
}

/** Reads a line as words; nothing for a blank line or a comment. */
export function readStatement(text: string, line: number): Statement | undefined {
  const words: Word[] = [];
  let openQuoteColumn: number | undefined;
  for (let at = 0; at < text.length;) {
    if (isBlank(text, at)) {
      at++;
      continue;
    }
    if (text[at] === "#") break;
    const column = at + 1;
    let value = "";
    while (at < text.length && !isBlank(text, at)) {
      const character = text[at++];
      if (character !== '"' && character !== "'") {
        value += character;
        continue;
      }
      const end = text.indexOf(character, at);
      if (end === -1) openQuoteColumn = at;
      value += text.slice(at, end === -1 ? undefined : end);
      at = end === -1 ? text.length : end + 1;
    }
    words.push({ value, column, endColumn: at + 1 });
  }
  const [name, ...rest] = words;
  return name === undefined ? undefined : { name, words: rest, line, openQuoteColumn };
}

function isBlank(text: string, at: number): boolean {
  return " \t\r\v\f".includes(text.charAt(at));
}
