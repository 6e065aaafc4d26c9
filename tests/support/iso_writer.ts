/**
 * Writes plain ISO 9660 images, level 1 names without extensions of the standard, as VMware's are:
 * for the demonstration and for tests that need odd or huge ones. xorriso judges it in the tests.
 *
 * | sector | what                                                |
 * | ------ | --------------------------------------------------- |
 * | 16     | primary volume descriptor (ECMA-119 §8.4)           |
 * | 17     | terminator (§8.3)                                   |
 * | 18     | path tables, little- and big-endian (§9.4)          |
 * | next   | directories, then files in the order they are given |
 *
 * @module
 */

const SECTOR_BYTES = 2048;

/** A file: its bytes, or a size for a hole of zeros. */
export interface IsoInput {
  /** Upper-case names joined by `/`. */
  readonly path: string;
  readonly content: Uint8Array | number;
}

interface Directory {
  readonly path: string;
  readonly children: Entry[];
  sector: number;
  sizeBytes: number;
}

interface Entry {
  readonly name: string;
  readonly directory?: Directory;
  readonly file?: IsoInput;
  sector: number;
}

/** Bytes of an ISO, by the sector that they begin at. */
type Piece = readonly [sector: number, bytes: Uint8Array];

/** Writes an ISO. Its bytes follow from its arguments alone. */
export function writeIso(path: string, label: string, inputs: readonly IsoInput[]): void {
  const { sectors, pieces } = layOut(label, inputs);
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (const [sector, bytes] of pieces) {
    file.seekSync(sector * SECTOR_BYTES, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
  file.truncateSync(sectors * SECTOR_BYTES);
}

/** The same ISO in memory. */
export function isoBytes(label: string, inputs: readonly IsoInput[]): Uint8Array {
  const { sectors, pieces } = layOut(label, inputs);
  const iso = new Uint8Array(sectors * SECTOR_BYTES);
  for (const [sector, bytes] of pieces) iso.set(bytes, sector * SECTOR_BYTES);
  return iso;
}

function layOut(label: string, inputs: readonly IsoInput[]): { sectors: number; pieces: Piece[] } {
  const root: Directory = { path: "", children: [], sector: 0, sizeBytes: 0 };
  const directories = [root];
  const entries: Entry[] = [];
  for (const file of inputs) {
    const names = file.path.split("/");
    let parent = root;
    for (const name of names.slice(0, -1)) {
      let child = parent.children.find((entry) => entry.name === name);
      if (child === undefined) {
        const made: Directory = { path: name, children: [], sector: 0, sizeBytes: 0 };
        child = { name, directory: made, sector: 0 };
        parent.children.push(child);
        directories.push(made);
      }
      parent = child.directory!;
    }
    const entry = { name: `${names.at(-1)};1`, file, sector: 0 };
    parent.children.push(entry);
    entries.push(entry);
  }
  const parents = new Map<Directory, Directory>([[root, root]]);
  for (const directory of directories) {
    directory.children.sort((a, b) => a.name < b.name ? -1 : 1);
    for (const child of directory.children) {
      if (child.directory) parents.set(child.directory, directory);
    }
  }
  const tables = pathTables(directories, parents);
  let sector = 18 + 2 * Math.ceil(tables.sizeBytes / SECTOR_BYTES);
  for (const directory of directories) {
    directory.sector = sector;
    directory.sizeBytes = directoryBytes(directory, directory).length;
    sector += directory.sizeBytes / SECTOR_BYTES;
  }
  for (const entry of entries) {
    entry.sector = sector;
    sector += Math.ceil(sizeOf(entry.file!) / SECTOR_BYTES);
  }

  const tableSectors = Math.ceil(tables.sizeBytes / SECTOR_BYTES);
  const pieces: Piece[] = [
    [16, descriptor(label, sector, root, tables.sizeBytes)],
    [17, Uint8Array.of(255, 0x43, 0x44, 0x30, 0x30, 0x31, 1)],
    [18, tables.encode(true)],
    [18 + tableSectors, tables.encode(false)],
    ...directories.map((directory): Piece => [
      directory.sector,
      directoryBytes(directory, parents.get(directory)!),
    ]),
  ];
  for (const { sector, file } of entries) {
    if (typeof file!.content !== "number") pieces.push([sector, file!.content]);
  }
  return { sectors: sector, pieces };
}

function sizeOf(file: IsoInput): number {
  return typeof file.content === "number" ? file.content : file.content.length;
}

/** §8.4: the fields an operating system needs. */
function descriptor(
  label: string,
  sectors: number,
  root: Directory,
  tableBytes: number,
): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  const text = (at: number, length: number, value: string) =>
    bytes.set(new TextEncoder().encode(value.padEnd(length).slice(0, length)), at);
  bytes[0] = 1;
  text(1, 5, "CD001");
  bytes[6] = 1;
  text(8, 32, "");
  text(40, 32, label);
  both32(view, 80, sectors);
  both16(view, 120, 1);
  both16(view, 124, 1);
  both16(view, 128, SECTOR_BYTES);
  both32(view, 132, tableBytes);
  view.setUint32(140, 18, true);
  view.setUint32(148, 18 + Math.ceil(tableBytes / SECTOR_BYTES), false);
  bytes.set(record("\0", root.sector, root.sizeBytes, true), 156);
  text(190, 623, "");
  for (const at of [813, 830, 847, 864]) {
    text(at, 16, at < 847 ? "2024092312000000" : "0".repeat(16));
  }
  bytes[881] = 1;
  return bytes;
}

/** §9.1, with a fixed date. */
function record(name: string, sector: number, sizeBytes: number, isDirectory: boolean): Uint8Array {
  const bytes = new Uint8Array(34 + Math.floor(name.length / 2) * 2);
  const view = new DataView(bytes.buffer);
  bytes[0] = bytes.length;
  both32(view, 2, sector);
  both32(view, 10, sizeBytes);
  bytes.set([124, 9, 23, 12, 0, 0, 0], 18);
  bytes[25] = isDirectory ? 2 : 0;
  both16(view, 28, 1);
  bytes[32] = name.length;
  bytes.set(new TextEncoder().encode(name), 33);
  return bytes;
}

/** §6.8: records that do not cross sectors. */
function directoryBytes(directory: Directory, parent: Directory): Uint8Array {
  const records = [
    record("\0", directory.sector, directory.sizeBytes, true),
    record("\x01", parent.sector, parent.sizeBytes, true),
    ...directory.children.map((child) =>
      child.directory
        ? record(child.name, child.directory.sector, child.directory.sizeBytes, true)
        : record(child.name, child.sector, sizeOf(child.file!), false)
    ),
  ];
  const places: number[] = [];
  let end = 0;
  for (const { length } of records) {
    if (end % SECTOR_BYTES + length > SECTOR_BYTES) end += SECTOR_BYTES - end % SECTOR_BYTES;
    places.push(end);
    end += length;
  }
  const bytes = new Uint8Array(Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES);
  records.forEach((one, i) => bytes.set(one, places[i]));
  return bytes;
}

/** §9.4. */
function pathTables(directories: readonly Directory[], parents: Map<Directory, Directory>) {
  const names = directories.map(({ path }) => path === "" ? "\0" : path);
  const lengths = names.map((name) => 8 + Math.ceil(name.length / 2) * 2);
  const sizeBytes = lengths.reduce((sum, length) => sum + length, 0);
  const encode = (littleEndian: boolean) => {
    const bytes = new Uint8Array(sizeBytes);
    const view = new DataView(bytes.buffer);
    let at = 0;
    directories.forEach((directory, i) => {
      bytes[at] = names[i]!.length;
      view.setUint32(at + 2, directory.sector, littleEndian);
      view.setUint16(at + 6, directories.indexOf(parents.get(directory)!) + 1, littleEndian);
      bytes.set(new TextEncoder().encode(names[i]), at + 8);
      at += lengths[i]!;
    });
    return bytes;
  };
  return { sizeBytes, encode };
}

function both32(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
}

function both16(view: DataView, at: number, value: number): void {
  view.setUint16(at, value, true);
  view.setUint16(at + 2, value, false);
}
