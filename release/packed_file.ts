/**
 * What the packers take: files with a path and a mode, from wherever they come.
 *
 * @module
 */

/** A file to be packed. */
export interface PackedFile {
  /** Relative, with slashes, without `.` and `..`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Of programs 0o755; else 0o644. */
  readonly mode?: number;
}

/** A file that holds a text. */
export function textFile(path: string, text: string, mode?: number): PackedFile {
  const bytes = new TextEncoder().encode(text);
  return mode === undefined ? { path, bytes } : { path, bytes, mode };
}

/** In the order of their paths, as UTF-16 code units have it: the same everywhere. */
export function inOrder<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return files.toSorted((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

/** The folders that paths lie in, the outer before the inner. */
export function foldersOf(paths: readonly string[]): string[] {
  const folders = paths.flatMap((path) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  });
  return [...new Set(folders)].toSorted();
}

/** One array of many. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
