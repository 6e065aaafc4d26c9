/**
 * Makes ISOs that no tool would write, by changing what a sound one says.
 *
 * @module
 */

/** Directory record fields, ECMA-119 §9.1. */
const EXTENT = 2;
const LENGTH = 10;
const FLAGS = 25;
const NAME_LENGTH = 32;
const NAME = 33;
/** §9.1.6: another record of the same file follows. */
const CONTINUES = 0x80;

/** A directory record of an ISO. */
export interface Record {
  /** The sector of its extent. */
  sector: number;
  lengthBytes: number;
  continues: boolean;
  /** Its name; another one must be as long. */
  name: string;
}

/**
 * Changes the records of a name.
 *
 * @param name As it stands in the record, as in `B.B00;1`.
 * @param change Called for each record of that name, in order.
 */
export function changeRecords(
  path: string,
  name: string,
  change: (record: Record, index: number) => void,
): void {
  const bytes = readHead(path);
  const view = new DataView(bytes.buffer);
  const wanted = new TextEncoder().encode(name);
  let found = 0;
  for (let at = 17 * 2048; at < bytes.length - NAME - wanted.length; at++) {
    if (bytes[at + NAME_LENGTH] !== wanted.length || bytes[at]! < NAME + wanted.length) continue;
    if (!wanted.every((byte, i) => bytes[at + NAME + i] === byte)) continue;
    const record: Record = {
      sector: view.getUint32(at + EXTENT, true),
      lengthBytes: view.getUint32(at + LENGTH, true),
      continues: (bytes[at + FLAGS]! & CONTINUES) !== 0,
      name,
    };
    change(record, found++);
    for (const [field, value] of [[EXTENT, record.sector], [LENGTH, record.lengthBytes]]) {
      view.setUint32(at + field!, value!, true);
      view.setUint32(at + field! + 4, value!, false);
    }
    bytes[at + FLAGS] = bytes[at + FLAGS]! & ~CONTINUES | (record.continues ? CONTINUES : 0);
    bytes.set(new TextEncoder().encode(record.name), at + NAME);
  }
  if (found === 0) throw new RangeError(`Cannot find a record ${name}`);
  using file = Deno.openSync(path, { write: true });
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** The sector of the root directory. */
export function rootSector(path: string): number {
  return new DataView(readHead(path).buffer).getUint32(16 * 2048 + 156 + EXTENT, true);
}

/** Where descriptors and directories lie; files may be huge. */
function readHead(path: string): Uint8Array<ArrayBuffer> {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(Math.min(file.statSync().size, 200 * 1024));
  for (let done = 0; done < bytes.length;) done += file.readSync(bytes.subarray(done)) ?? 0;
  return bytes;
}
