/**
 * Fields of binary structures. The table of fields on top of a format's file says where each lies
 * and how wide it is; whatever reads or writes the format does so through that table.
 *
 * @module
 */

/** A number in a structure. */
export interface NumberField {
  /**
   * Reads it.
   *
   * @throws {RangeError} if the structure ends before the field does.
   */
  get(structure: DataView): number;
  /**
   * Writes it.
   *
   * @throws {RangeError} if the structure ends before the field does.
   */
  set(structure: DataView, value: number): void;
}

/** A run of bytes in a structure. */
export interface BytesField {
  /** Where it begins in the structure. */
  readonly offsetBytes: number;
  /** How long it is. */
  readonly lengthBytes: number;
  /**
   * The bytes themselves, not a copy of them.
   *
   * @throws {RangeError} if the structure ends before the field does.
   */
  of(structure: DataView): Uint8Array;
}

/** The part of some bytes that a structure takes, by default all that there is from its beginning. */
export function structureAt(bytes: Uint8Array, offsetBytes = 0, lengthBytes?: number): DataView {
  return new DataView(
    bytes.buffer,
    bytes.byteOffset + offsetBytes,
    lengthBytes ?? bytes.length - offsetBytes,
  );
}

/** One byte. */
export function uint8(offsetBytes: number): NumberField {
  return {
    get: (structure) => structure.getUint8(offsetBytes),
    set: (structure, value) => structure.setUint8(offsetBytes, value),
  };
}

/** Two bytes, the lower one first. */
export function uint16(offsetBytes: number): NumberField {
  return {
    get: (structure) => structure.getUint16(offsetBytes, true),
    set: (structure, value) => structure.setUint16(offsetBytes, value, true),
  };
}

/** Four bytes, the lowest one first. */
export function uint32(offsetBytes: number): NumberField {
  return {
    get: (structure) => structure.getUint32(offsetBytes, true),
    set: (structure, value) => structure.setUint32(offsetBytes, value, true),
  };
}

/**
 * A run of bytes: text, or a structure within the structure.
 *
 * @throws {RangeError} from its accessor, if the structure ends before the field does.
 */
export function bytesField(offsetBytes: number, lengthBytes: number): BytesField {
  return {
    offsetBytes,
    lengthBytes,
    of({ buffer, byteOffset, byteLength }) {
      if (offsetBytes + lengthBytes > byteLength) {
        throw new RangeError(`Cannot read ${lengthBytes} bytes at ${offsetBytes}: there are fewer`);
      }
      return new Uint8Array(buffer, byteOffset + offsetBytes, lengthBytes);
    },
  };
}
