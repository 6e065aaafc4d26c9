/**
 * Finds the word that somebody meant.
 *
 * @module
 */

/** More edits than this, for each three letters, make another word of it. */
const LETTERS_PER_EDIT = 3;

/**
 * The candidate that a word is most like, if any is like it: the same but for case, hyphens and
 * underscores; the one whose beginning it is; or the one that is the fewest edits away.
 *
 * @param synonyms What people call a candidate by another name.
 */
export function nearest(
  word: string,
  candidates: readonly string[],
  synonyms: Readonly<Record<string, string>> = {},
): string | undefined {
  const plain = simplify(word);
  const same = candidates.find((candidate) => simplify(candidate) === plain);
  if (same !== undefined) return same;
  const synonym = synonyms[plain];
  if (synonym !== undefined && candidates.includes(synonym)) return synonym;
  const begun = plain.length < 2
    ? []
    : candidates.filter((candidate) => simplify(candidate).startsWith(plain));
  if (begun.length === 1) return begun[0];
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = countEdits(plain, simplify(candidate));
    if (edits * LETTERS_PER_EDIT > Math.max(plain.length, LETTERS_PER_EDIT)) continue;
    if (best === undefined || edits < best.edits) best = { candidate, edits };
  }
  return best?.candidate;
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/**
 * How many letters have to be added, dropped, replaced, or swapped with the next one, to make one
 * word of another: the optimal string alignment distance.
 */
export function countEdits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length]!;
}
