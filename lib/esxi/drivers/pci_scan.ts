/**
 * Finds which PCI devices a driver claims: lines of the maps that it brings, below
 * `etc/vmware/default.map.d` or, before 7.0, `driver.map.d`. As they are seen on hosts:
 *
 * | line                                                                | what                       |
 * | ------------------------------------------------------------------- | -------------------------- |
 * | `regtype=native,bus=pci,id=15b3101d15b30016......,driver=nmlx5_core` | vendor, device, subsystem's vendor and device, class, without anything between; dots are any digit |
 * | `regtype=linux,bus=pci,id=11ab:4362 0000:0000,driver=sky2,class=network` | the same without the class; zeros are any subsystem |
 *
 * They are looked for in all of an archive, wherever its dialect of tar keeps files.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { decodeLatin1 } from "../../blocks/latin1.ts";

/** A device that a driver claims. */
export interface PciClaim {
  /** Vendor and device in hexadecimal digits, as in `15b3:101d`; `*` is any. */
  readonly id: string;
  /** Vendor and device of the subsystem, where only that one is claimed. */
  readonly subsystem?: string;
  /** The class of the device, six digits, where only that one is claimed. */
  readonly class?: string;
}

const MARK = "bus=pci,id=";
const LINE =
  /regtype=(?:native,bus=pci,id=([\da-f.]{4})([\da-f.]{4})([\da-f.]{4})([\da-f.]{4})([\da-f.]{6})|linux,bus=pci,id=([\da-f]{4}):([\da-f]{4}) ([\da-f]{4}):([\da-f]{4})),/gi;
/** More than a line up to the end of its numbers; what a piece may cut. */
const LINE_BYTES = 128;
/** Ten times what the driver of most devices has; it also bounds what a hostile one costs. */
const MAX_CLAIMS = 20_000;

/** Takes an archive in pieces. */
export class PciScan {
  readonly #claims = new Map<string, PciClaim>();
  #end: Uint8Array = new Uint8Array(0);

  /** Takes the next piece, of any length. */
  take(piece: Uint8Array): void {
    const seam = Buffer.concat([this.#end, piece.subarray(0, LINE_BYTES)]);
    this.#look(seam);
    this.#look(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    this.#end = piece.length >= LINE_BYTES
      ? piece.slice(-LINE_BYTES)
      : seam.subarray(-LINE_BYTES).slice();
  }

  /** What is claimed, each once, in the order of numbers. */
  claims(): PciClaim[] {
    return [...this.#claims].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, claim]) => claim);
  }

  #look(bytes: Buffer): void {
    const first = bytes.indexOf(MARK);
    if (first === -1) return;
    const last = bytes.lastIndexOf(MARK);
    const text = decodeLatin1(bytes.subarray(Math.max(first - LINE_BYTES, 0), last + LINE_BYTES));
    for (const [, ...groups] of text.matchAll(LINE)) {
      if (this.#claims.size >= MAX_CLAIMS) return;
      const [vendor, device, subVendor, subDevice, classDigits] = groups
        .filter((group) => group !== undefined);
      const id = `${digits(vendor!)}:${digits(device!)}`;
      const subsystem = `${digits(subVendor!)}:${digits(subDevice!)}`;
      const isAny = subsystem === "*:*" || subsystem === "0000:0000";
      const isAnyClass = classDigits === undefined || classDigits === "......";
      const claim: PciClaim = {
        id,
        ...isAny ? {} : { subsystem },
        ...isAnyClass ? {} : { class: classDigits.toLowerCase() },
      };
      this.#claims.set(Object.values(claim).join(" "), claim);
    }
  }
}

function digits(text: string): string {
  return text === "...." ? "*" : text.toLowerCase();
}
