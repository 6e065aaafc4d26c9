/**
 * Sizes as people write and read them.
 *
 * @module
 */

/**
 * Reads `64M`, `1.5GiB`, `2GB` or `1048576`. A letter alone, or with `iB`, counts in powers of 1024,
 * as qemu-img does; with `B`, in powers of 1000.
 *
 * @throws {SyntaxError} for anything else.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])(iB|B)?|B)?$/i.exec(text.trim());
  const [, count = "NaN", letter = "", suffix = ""] = match ?? [];
  const base = suffix.toUpperCase() === "B" ? 1000 : 1024;
  const power = " KMGT".indexOf(letter.toUpperCase() || " ");
  const bytes = Math.ceil(Number(count) * base ** power);
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
