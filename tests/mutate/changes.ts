/**
 * Small changes of a module's text, of the kind that a slip of the hand makes: another number, the
 * other comparison, the other byte order. Every one that does something should make a test fail.
 *
 * It relies on how `deno fmt` writes: binary operators have a space on both sides, and what has none
 * belongs to a type.
 *
 * @module
 */

/** A piece of text that is replaced. */
export interface Change {
  /** Where it begins in the text. */
  readonly at: number;
  readonly before: string;
  readonly after: string;
}

/** What each operator or word becomes. */
const SWAPS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<="],
  "<=": ["<"],
  ">": [">="],
  ">=": [">"],
  "===": ["!=="],
  "!==": ["==="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&": ["|"],
  "|": ["&"],
  "&&": ["||"],
  "||": ["&&"],
  true: ["false"],
  false: ["true"],
  "Math.floor": ["Math.ceil"],
  "Math.ceil": ["Math.floor"],
  "Math.min": ["Math.max"],
  "Math.max": ["Math.min"],
};
const OPERATOR = / (<=?|>=?|[!=]==|[+*/%-]|<<|>>>?|&&?|\|\|?) /g;
const WORD = /\b(true|false|Math\.(?:floor|ceil|min|max))\b/g;
/** A whole number, not a part of a name, a fraction, a power of two or a bigint. */
const NUMBER = /(?<![\w.$])(?:0x[\da-f_]+|\d[\d_]*)(?![\w.])/gi;

/** All the changes of a module, in the order of its text. */
export function changesOf(text: string): Change[] {
  const code = blankOut(text);
  const changes: Change[] = [];
  const add = (at: number, before: string, afters: readonly string[]) => {
    for (const after of afters) changes.push({ at, before, after });
  };
  for (const { index, 1: operator = "" } of code.matchAll(OPERATOR)) {
    add(index + 1, operator, SWAPS[operator] ?? []);
  }
  for (const { index, 0: word } of code.matchAll(WORD)) add(index, word, SWAPS[word] ?? []);
  for (const { index, 0: digits } of code.matchAll(NUMBER)) {
    const value = Number(digits.replaceAll("_", ""));
    const write = (changed: number) =>
      digits.startsWith("0x") ? `0x${changed.toString(16)}` : String(changed);
    add(index, digits, value === 0 ? [write(1)] : [write(value + 1), write(value - 1)]);
  }
  return changes.toSorted((a, b) => a.at - b.at);
}

/** The text with one change made. */
export function applyChange(text: string, { at, before, after }: Change): string {
  return text.slice(0, at) + after + text.slice(at + before.length);
}

/** Where a change is, and what it does: `12: a < b` and `<= instead of <`. */
export function describeChange(text: string, { at, before, after }: Change): string {
  const lines = text.slice(0, at).split("\n");
  const line = text.split("\n")[lines.length - 1] ?? "";
  return `${lines.length}:${
    lines.at(-1)!.length + 1
  }: ${after} instead of ${before} in: ${line.trim()}`;
}

/**
 * The text with blanks for comments and imports, and with `_` for strings, templates and regular
 * expressions, which stay operands.
 */
function blankOut(text: string): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[(,=:[!&|?{};]\s*|return )\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*|^import [^;]*;/gm;
  return text.replaceAll(token, (found) => {
    const isBlank = /^(?:\/[/*]|import )/.test(found);
    return found.replaceAll(/[^\n]/g, isBlank ? " " : "_");
  });
}
