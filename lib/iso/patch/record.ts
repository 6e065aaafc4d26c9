/**
 * Directory records that are edited or made: what a new one says besides its name and its extent it
 * takes over from a file that is there already.
 *
 * @module
 */

import type { Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { structureAt } from "../../blocks/fields.ts";
import { decodeLatin1, encodeLatin1 } from "../../blocks/latin1.ts";
import { PX, PX_BYTES, RECORD, RECORD_NAME_OFFSET_BYTES, SECTOR_BYTES } from "../format.ts";
import { type DirectoryRecord, parseRecord } from "../records.ts";
import { areaFields, nameField, signatureOf } from "./fields.ts";
import {
  type Directory,
  type Entry,
  fieldsOf,
  type IsoTree,
  isSelfOrParent,
  nameOf,
} from "./tree.ts";

/** Where a file's bytes are put. */
export interface Placement {
  readonly sector: number;
  readonly sizeBytes: number;
  /** A serial number that no other extent's file has, for records that hold one. */
  readonly serial: number;
  /** How many records of a tree share it. */
  readonly links: number;
}

/** §9.1.1 stores a record's length in a byte. */
const MAX_RECORD_BYTES = 255;
/** Fields of a file that are true of a new one beside it. */
const INHERITED = ["RR", "PX", "TF"];

/** Lets the record of a file name other bytes. */
export function pointTo(
  tree: IsoTree,
  directory: Directory,
  { record, bytes }: Entry,
  placement: Placement,
): void {
  setPlacement(bytes, placement);
  // What is stored elsewhere stays: its sector may be shared.
  for (const field of areaFields(record.systemUse.subarray(tree.skipBytes ?? Infinity))) {
    setSerial(field, placement);
  }
  directory.isChanged = true;
}

function setPlacement(bytes: Uint8Array, { sector, sizeBytes }: Placement): void {
  const record = structureAt(bytes);
  RECORD.extendedAttributeSectors.set(record, 0);
  RECORD.extentSector.set(record, sector);
  RECORD.dataBytes.set(record, sizeBytes);
}

function setSerial(bytes: Uint8Array, { serial, links }: Placement): void {
  if (signatureOf(bytes) !== "PX" || bytes.length < PX_BYTES) return;
  const field = structureAt(bytes);
  PX.links.set(field, links);
  PX.serial.set(field, serial);
}

/**
 * Makes the record of a new file.
 *
 * @param model A file of the same tree, after which letter case, version, time and owner go.
 * @throws {Failure} `unfit-for-iso` if the record would be too long.
 */
export function makeRecord(
  source: Source,
  tree: IsoTree,
  model: Entry,
  name: string,
  placement: Placement,
): Uint8Array {
  const { record } = model;
  const stored = tree.isJoliet ? decodeJoliet(record.name) : decodeLatin1(record.name);
  const version = /;\d+$/.exec(stored)?.[0] ?? "";
  const ownName = inCaseOf(stored, name) + version;
  const nameBytes = tree.isJoliet ? encodeJoliet(ownName) : encodeLatin1(ownName);
  const systemUse = makeSystemUse(tree, record, inCaseOf(nameOf(tree, record), name), placement);

  const namedBytes = RECORD_NAME_OFFSET_BYTES + nameBytes.length;
  const useAt = namedBytes + namedBytes % 2; // §9.1.12
  const lengthBytes = useAt + systemUse.length + systemUse.length % 2;
  if (lengthBytes > MAX_RECORD_BYTES) {
    const what = `a directory record for ${name} has ${lengthBytes} bytes, more than it can have`;
    throw new Failure("unfit-for-iso", source.name, what, "pass a module with a shorter name");
  }
  const bytes = new Uint8Array(lengthBytes);
  bytes.set(model.bytes.subarray(0, RECORD_NAME_OFFSET_BYTES));
  const made = structureAt(bytes);
  RECORD.recordBytes.set(made, lengthBytes);
  RECORD.flags.set(made, 0);
  RECORD.fileUnitSectors.set(made, 0);
  RECORD.interleaveGapSectors.set(made, 0);
  RECORD.nameBytes.set(made, nameBytes.length);
  setPlacement(bytes, placement);
  bytes.set(nameBytes, RECORD_NAME_OFFSET_BYTES);
  bytes.set(systemUse, useAt);
  return bytes;
}

function makeSystemUse(
  tree: IsoTree,
  record: DirectoryRecord,
  name: string,
  placement: Placement,
): Uint8Array {
  if (tree.skipBytes === undefined) return record.systemUse;
  const fields = [record.systemUse.subarray(0, tree.skipBytes)];
  let isNamed = false;
  for (const field of fieldsOf(tree, record)) {
    const signature = signatureOf(field);
    if (INHERITED.includes(signature)) {
      const inherited = field.slice();
      setSerial(inherited, placement);
      fields.push(inherited);
    }
    if (signature === "NM" && !isNamed) fields.push(nameField(name));
    isNamed ||= signature === "NM";
  }
  const bytes = new Uint8Array(fields.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/**
 * Puts a record in its place by name (§9.3); the others keep their order. Where a sector has no room
 * its last records move on to the next one. If the last sector has none either, the directory grows.
 */
export function insertRecord(source: Source, tree: IsoTree, record: Uint8Array): void {
  const { root, isJoliet } = tree;
  const sectors = splitSectors(root.bytes);
  const name = parseRecord(source, record, 0).name;
  const isGreater = (other: Uint8Array) => {
    const parsed = parseRecord(source, other, 0);
    return !isSelfOrParent(parsed) && compareNames(parsed.name, name, isJoliet) > 0;
  };
  let at = sectors.findIndex((records) => records.some(isGreater));
  if (at === -1) {
    at = sectors.findLastIndex((records) => records.length > 0);
    sectors[at]!.push(record);
  } else {
    const index = sectors[at]!.findIndex(isGreater);
    const before = sectors[at - 1];
    if (index === 0 && before && lengthOf(before) + record.length <= SECTOR_BYTES) {
      before.push(record);
    } else sectors[at]!.splice(index, 0, record);
  }
  for (; lengthOf(sectors[at]!) > SECTOR_BYTES; at++) {
    const next = sectors[at + 1] ?? [];
    while (lengthOf(sectors[at]!) > SECTOR_BYTES) next.unshift(sectors[at]!.pop()!);
    sectors[at + 1] = next;
  }
  const bytes = new Uint8Array(sectors.length * SECTOR_BYTES);
  for (const [i, records] of sectors.entries()) {
    let end = i * SECTOR_BYTES;
    for (const one of records) {
      bytes.set(one, end);
      end += one.length;
    }
  }
  root.bytes = bytes;
  root.isChanged = true;
}

/** The records of each sector. */
function splitSectors(bytes: Uint8Array): Uint8Array[][] {
  const sectors: Uint8Array[][] = [];
  for (let start = 0; start < bytes.length; start += SECTOR_BYTES) {
    const sector = bytes.subarray(start, start + SECTOR_BYTES);
    const records: Uint8Array[] = [];
    for (let at = 0; at < SECTOR_BYTES && sector[at] !== 0; at += sector[at]!) {
      records.push(sector.slice(at, at + sector[at]!));
    }
    sectors.push(records);
  }
  return sectors;
}

function lengthOf(records: readonly Uint8Array[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}

/** §9.3: names, then extensions, each as if filled up with blanks. */
export function compareNames(a: Uint8Array, b: Uint8Array, isJoliet: boolean): number {
  const [left, right] = [a, b].map((name) => {
    const text = (isJoliet ? decodeJoliet(name) : decodeLatin1(name)).replace(/;\d*$/, "");
    const dot = text.lastIndexOf(".");
    return dot === -1 ? [text, ""] : [text.slice(0, dot), text.slice(dot + 1)];
  });
  for (const i of [0, 1]) {
    const width = Math.max(left![i]!.length, right![i]!.length);
    const [x, y] = [left![i]!.padEnd(width), right![i]!.padEnd(width)];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** A name in the letter case of another one. */
function inCaseOf(model: string, name: string): string {
  if (!/[a-z]/.test(model)) return name.toUpperCase();
  return /[A-Z]/.test(model) ? name : name.toLowerCase();
}

function decodeJoliet(name: Uint8Array): string {
  return new TextDecoder("utf-16be", { ignoreBOM: true }).decode(name);
}

/** Joliet specification §3.1: UCS-2, the high byte first. */
function encodeJoliet(name: string): Uint8Array {
  return Uint8Array.from({ length: name.length * 2 }, (_, i) => {
    const unit = name.charCodeAt(i >> 1);
    return i % 2 === 0 ? unit >> 8 : unit & 0xff;
  });
}
