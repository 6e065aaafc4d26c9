/**
 * Tells for which machine an executable is, from its first bytes.
 *
 * @module
 */

/** ELF specification, `e_machine`. */
const ELF_MACHINES: Readonly<Record<number, string>> = { 0x3e: "linux-x64", 0xb7: "linux-arm64" };
/** Mach-O, `cputype` of mach/machine.h. */
const MACH_O_CPUS: Readonly<Record<number, string>> = {
  0x0100_0007: "darwin-x64",
  0x0100_000c: "darwin-arm64",
};
/** PE format, "Machine Types". */
const PE_MACHINES: Readonly<Record<number, string>> = { 0x8664: "win32-x64" };

/**
 * Which target's executable begins like this.
 *
 * @param start The first 4096 bytes, or as many as there are.
 * @returns The name of a {@linkcode Target}; undefined if it is none of theirs.
 */
export function binaryKind(start: Uint8Array): string | undefined {
  if (start.length < 64) return undefined;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  // ELF: 64 bits, little-endian
  if (view.getUint32(0) === 0x7f454c46 && start[4] === 2 && start[5] === 1) {
    return ELF_MACHINES[view.getUint16(18, true)];
  }
  if (view.getUint32(0, true) === 0xfeedfacf) return MACH_O_CPUS[view.getUint32(4, true)];
  if (view.getUint16(0) === 0x4d5a) {
    const header = view.getUint32(0x3c, true);
    if (header + 6 > start.length || view.getUint32(header) !== 0x50450000) return undefined;
    return PE_MACHINES[view.getUint16(header + 4, true)];
  }
  return undefined;
}
