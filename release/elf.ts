/**
 * Tells what a Linux executable needs to run: its loader and the libraries of glibc.
 *
 * @module
 */

/** ELF-64 object file format, "Program Header": `p_type`. */
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
/** ELF-64 object file format, "Dynamic Table": `d_tag`. */
const DT_NEEDED = 1;
const DT_STRTAB = 5;

/** What an executable needs. */
export interface Needs {
  /** The path of the loader. */
  readonly loader: string;
  /** The names of libraries, as `libc.so.6`. */
  readonly libraries: readonly string[];
  /** The oldest glibc that it runs with, as `2.27`. */
  readonly glibc: string;
}

/**
 * Reads what an executable needs.
 *
 * @param file A 64-bit little-endian executable that is linked dynamically.
 * @throws {SyntaxError} if it is none.
 */
export function readNeeds(file: Uint8Array): Needs {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  if (view.getUint32(0) !== 0x7f454c46) throw new SyntaxError("Cannot read: no ELF executable");
  const segments = Array.from({ length: view.getUint16(56, true) }, (_, i) => {
    const at = word(32) + i * view.getUint16(54, true);
    const type = view.getUint32(at, true);
    return { type, offset: word(at + 8), address: word(at + 16), bytes: word(at + 32) };
  });
  const find = (type: number) => segments.find((segment) => segment.type === type);
  const [interpreter, dynamic] = [find(PT_INTERP), find(PT_DYNAMIC)];
  if (interpreter === undefined || dynamic === undefined) {
    throw new SyntaxError("Cannot read: the executable is linked statically");
  }
  const table = Array.from({ length: dynamic.bytes / 16 }, (_, i) => {
    const at = dynamic.offset + i * 16;
    return { tag: word(at), value: word(at + 8) };
  });
  const address = table.find(({ tag }) => tag === DT_STRTAB)?.value ?? 0;
  const holder = segments.find((segment) =>
    segment.type === PT_LOAD && address >= segment.address &&
    address < segment.address + segment.bytes
  );
  const strings = address - (holder?.address ?? 0) + (holder?.offset ?? 0);
  return {
    loader: text(file, interpreter.offset),
    libraries: table.filter(({ tag }) => tag === DT_NEEDED)
      .map(({ value }) => text(file, strings + value)),
    glibc: newestGlibc(file),
  };
}

/** The newest version of a symbol: all are named as `GLIBC_2.27`. */
function newestGlibc(file: Uint8Array): string {
  const bytes = new TextDecoder("latin1").decode(file);
  const minors = [...bytes.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  return `2.${Math.max(...minors)}`;
}

function text(file: Uint8Array, at: number): string {
  return new TextDecoder().decode(file.subarray(at, file.indexOf(0, at)));
}
