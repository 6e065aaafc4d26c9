/**
 * The fields of ISO 9660 (ECMA-119), of its system use area (SUSP 1.12), and of Rock
 * Ridge (RRIP 1.12), as far as files and their names need them.
 *
 * | sector | what                                                         | ECMA-119 |
 * | ------ | ------------------------------------------------------------ | -------- |
 * | 0–15   | system area                                                  | §6.2.1   |
 * | 16…    | volume descriptors, 2,048 bytes each, up to the terminator   | §8       |
 * | any    | directory extents: records that never cross a sector         | §6.8, §9 |
 * | any    | file extents, contiguous                                     | §6.4     |
 *
 * @module
 */

import { bytesField, type NumberField, uint16, uint32, uint8 } from "../blocks/fields.ts";

/** §6.1.2; images with other logical block sizes exist on paper only. */
export const SECTOR_BYTES = 2048;
/** §6.3: sixteen sectors of system area come first. */
export const FIRST_DESCRIPTOR_SECTOR = 16;

/** §7.1.2: one byte with a sign. */
function int8(offsetBytes: number): NumberField {
  return {
    get: (structure) => structure.getInt8(offsetBytes),
    set: (structure, value) => structure.setInt8(offsetBytes, value),
  };
}

/** A number that is stored twice. */
export interface TwofoldField extends NumberField {
  /** Whether both copies are the same. */
  isConsistent(structure: DataView): boolean;
}

/** §7.3.3: four bytes, the lowest one first, then the same number with the highest one first. */
function bothEndian32(offsetBytes: number): TwofoldField {
  const { get } = uint32(offsetBytes);
  return {
    get,
    set(structure, value) {
      structure.setUint32(offsetBytes, value, true);
      structure.setUint32(offsetBytes + 4, value, false);
    },
    isConsistent: (structure) => get(structure) === structure.getUint32(offsetBytes + 4, false),
  };
}

/** §7.3.2: four bytes, the highest one first. */
function bigUint32(offsetBytes: number): NumberField {
  return {
    get: (structure) => structure.getUint32(offsetBytes, false),
    set: (structure, value) => structure.setUint32(offsetBytes, value, false),
  };
}

/** §8.4: the primary volume descriptor; §8.5, the supplementary one, has the same fields. */
export const DESCRIPTOR = {
  /** §8.1.1, see {@linkcode DESCRIPTOR_TYPE}. */
  type: uint8(0),
  /** §8.1.2: `CD001`. */
  standardIdentifier: bytesField(1, 5),
  volumeIdentifier: bytesField(40, 32),
  /** In logical blocks, §8.4.8. */
  volumeSectors: bothEndian32(80),
  /** §8.5.6: of a supplementary descriptor alone. */
  escapeSequences: bytesField(88, 32),
  /** §8.4.12, of which the lower byte comes first; a copy in the other order follows. */
  logicalBlockBytes: uint16(128),
  /** §8.4.13. */
  pathTableBytes: bothEndian32(132),
  /** §8.4.14 and §8.4.15: the sectors of the path table and of its copy, 0 if there is none. */
  littlePathTables: [uint32(140), uint32(144)],
  /** §8.4.16 and §8.4.17: those of the table whose numbers have their highest byte first. */
  bigPathTables: [bigUint32(148), bigUint32(152)],
  /** §8.4.18. */
  rootRecord: bytesField(156, 34),
  /** §8.4.26. */
  created: bytesField(813, 17),
  /** §8.4.32: for whoever wants to. */
  applicationUse: bytesField(883, 512),
} as const;
/** §8.1.1. */
export const DESCRIPTOR_TYPE = { primary: 1, supplementary: 2, terminator: 255 } as const;
/** §8.1.2. */
export const STANDARD_IDENTIFIER = "CD001";

/** §8.4.26.1: a date and time. */
export const DATE = {
  /** `YYYYMMDDhhmmsscc`, the last two hundredths of a second. */
  digits: bytesField(0, 16),
  /** From UTC, in quarters of an hour. */
  offset: int8(16),
} as const;

/** §9.1: a directory record. */
export const RECORD = {
  recordBytes: uint8(0),
  extendedAttributeSectors: uint8(1),
  extentSector: bothEndian32(2),
  dataBytes: bothEndian32(10),
  flags: uint8(25),
  fileUnitSectors: uint8(26),
  interleaveGapSectors: uint8(27),
  nameBytes: uint8(32),
} as const;
/** §9.1.11: where the name begins. */
export const RECORD_NAME_OFFSET_BYTES = 33;
/** A record with a name of one byte: there is none shorter. */
export const MIN_RECORD_BYTES = RECORD_NAME_OFFSET_BYTES + 1;
/** §9.1.6. */
export const RECORD_FLAG = { directory: 0x02, continues: 0x80 } as const;

/** §9.4: an entry of a path table. */
export const PATH_ENTRY = {
  nameBytes: uint8(0),
  extendedAttributeSectors: uint8(1),
  littleExtentSector: uint32(2),
  bigExtentSector: bigUint32(2),
} as const;
/** §9.4.5: where the name begins, which is padded to an even length. */
export const PATH_ENTRY_NAME_OFFSET_BYTES = 8;

/** SUSP §4.1: what every system use field begins with. */
export const SYSTEM_USE = {
  signature: bytesField(0, 2),
  fieldBytes: uint8(2),
  version: uint8(3),
} as const;
/** SUSP §4.1: signature, length, and a version. */
export const SYSTEM_USE_HEADER_BYTES = 4;

/** SUSP §5.3, `SP`: in the first record of the root, so that whoever reads knows that fields follow. */
export const SP = {
  signature: SYSTEM_USE.signature,
  checkBytes: bytesField(4, 2),
  /** How many bytes of each system use area come before the fields. */
  skipBytes: uint8(6),
} as const;
/** SUSP §5.3, BP 3. */
export const SP_BYTES = 7;
/** SUSP §5.3, BP 5 and 6. */
export const SP_CHECK_BYTES: readonly number[] = [0xbe, 0xef];

/** SUSP §5.1, `CE`: where more fields are. */
export const CE = {
  sector: bothEndian32(4),
  offsetBytes: bothEndian32(12),
  lengthBytes: bothEndian32(20),
} as const;
/** SUSP §5.1, BP 3. */
export const CE_BYTES = 28;

/** RRIP §4.1.4, `NM`: a part of the name, from {@linkcode NM_NAME_OFFSET_BYTES} to the field's end. */
export const NM = { flags: uint8(4) } as const;
/** RRIP §4.1.4, BP 6. */
export const NM_NAME_OFFSET_BYTES = 5;
/** RRIP §4.1.4: the name is that of this directory or of its parent. */
export const NM_FLAG = { current: 0x02, parent: 0x04 } as const;

/** RRIP §4.1.5.1, `CL`: the sector of a directory that was moved. */
export const CL = { childSector: bothEndian32(4) } as const;
/** RRIP §4.1.5.1, BP 3. */
export const CL_BYTES = 12;
/** RRIP §4.1.5.2, `PL`: the sector of the directory that one was moved from. */
export const PL = { parentSector: bothEndian32(4) } as const;

/** RRIP §4.1.1, `PX`: what POSIX knows of a file. */
export const PX = { links: bothEndian32(12), serial: bothEndian32(36) } as const;
/** Before RRIP 1.12 the serial number was missing. */
export const PX_BYTES = 44;
