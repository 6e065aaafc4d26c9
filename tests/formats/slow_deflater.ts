/**
 * @module
 */

import { deflatePiece, gather } from "../../lib/formats/deflate/deflate.ts";
import type { Deflater } from "../../lib/formats/deflate/deflater.ts";
import {
  type DeflatedUnits,
  deflateUnitsInline,
  type UnitStyle,
} from "../../lib/formats/deflate/units.ts";

/** Deflates in another order than it is asked, and checks that nothing is used up by then. */
export class SlowDeflater implements Deflater {
  readonly depth = 5;
  pending = 0;
  most = 0;

  deflate(bytes: readonly Uint8Array[]): Promise<Uint8Array> {
    const length = bytes.reduce((sum, piece) => sum + piece.length, 0);
    const copy = gather(bytes, new Uint8Array(length)).slice();
    return this.#later(length, () => deflatePiece(copy));
  }

  deflateUnits(units: readonly Uint8Array[], style: UnitStyle): Promise<DeflatedUnits> {
    const copies = units.map((unit) => unit.slice());
    return this.#later(units.length * 65_521, () => deflateUnitsInline(copies, style));
  }

  #later<T>(length: number, work: () => T): Promise<T> {
    this.pending++;
    this.most = Math.max(this.most, this.pending);
    return new Promise((resolve) =>
      setTimeout(() => {
        this.pending--;
        resolve(work());
      }, (length * 7919) % 5)
    );
  }
}
