/**
 * Finds which processors the programs in an archive are for. Headers of ELF (System V ABI, "ELF
 * Header") are looked for where files begin in a tar, and in VMware's dialect of it: on multiples of
 * 512 bytes.
 *
 * @module
 */

/** `e_machine` of the processors that ESXi runs on. */
export const ELF_MACHINE = { x86_64: 62, arm64: 183 } as const;

const BLOCK_BYTES = 512;
const MARK = [0x7f, 0x45, 0x4c, 0x46];
const MACHINE_AT = 18;
const HEAD_BYTES = MACHINE_AT + 2;

/** Takes an archive in pieces. */
export class ElfScan {
  readonly #machines = new Set<number>();
  readonly #head = new Uint8Array(HEAD_BYTES);
  #atBytes = 0;

  /** Takes the next piece, of any length. */
  take(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const inBlock = (this.#atBytes + at) % BLOCK_BYTES;
      if (inBlock >= HEAD_BYTES) {
        at += BLOCK_BYTES - inBlock;
        continue;
      }
      const part = piece.subarray(at, at + HEAD_BYTES - inBlock);
      this.#head.set(part, inBlock);
      at += part.length;
      if (inBlock + part.length === HEAD_BYTES) this.#look();
    }
    this.#atBytes += piece.length;
  }

  /** The machines of all programs that were found, each once. */
  machines(): number[] {
    return [...this.#machines];
  }

  #look(): void {
    if (MARK.some((byte, i) => this.#head[i] !== byte)) return;
    this.#machines.add(this.#head[MACHINE_AT]! + this.#head[MACHINE_AT + 1]! * 256);
  }
}
