/**
 * Sizes as people write and read them.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 10, M: 20, G: 30, T: 40 };

/**
 * Reads `64M`, `1.5GiB`, `2GB` or `1048576`. A letter alone, or with `iB`, counts in powers of 1024,
 * as qemu-img does; with `B`, in powers of 1000.
 *
 * @throws {SyntaxError} for anything else.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(iB|B)?$/i.exec(text.trim());
  const letter = match?.[2].toUpperCase() ?? "";
  const bytes = match === null ? NaN : Math.ceil(
    Number(match[1]) *
      (match[3]?.toUpperCase() === "B" && letter !== ""
        ? 1000 ** (UNITS[letter] / 10)
        : letter === ""
        ? 1
        : 2 ** UNITS[letter]),
  );
  if (!Number.isSafeInteger(bytes)) {
    throw new SyntaxError(`Cannot read the size ${text}: write for example 64M or 2G`);
  }
  return bytes;
}

/** Writes a size with three digits or so: `629 MB`. */
export function formatSize(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toPrecision(3)} ${units[unit]}`;
}
