/**
 * @module
 */

/** Numbers that look random and are the same for the same seed (Marsaglia 2003, "Xorshift RNGs"). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0 || 1;
  }

  /** A whole number from 0 on, below `end`. */
  below(end: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return Math.floor(this.#state / 2 ** 32 * end);
  }

  /** Whether something happens that does so `count` times out of `of`. */
  chance(count: number, of: number): boolean {
    return this.below(of) < count;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  bytes(lengthBytes: number): Uint8Array {
    return Uint8Array.from({ length: lengthBytes }, () => this.below(256));
  }
}
