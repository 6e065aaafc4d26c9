/**
 * ChaN's FatFs (R0.16, compiled to WebAssembly by the package `fatfs-wasm`) over a sparse map of
 * sectors. It writes the file system's own structures only: the bytes of files are reserved, never
 * written. Function and result names are those of http://elm-chan.org/fsw/ff/.
 *
 * The package's own wrapper wants the whole disk in memory and stamps the current time, so this
 * binding gives the module imports of its own. No pointer leaves this file.
 *
 * @module
 */

import { uint32, uint8 } from "../lib/blocks/fields.ts";
import { SECTOR_BYTES } from "../lib/blocks/sector.ts";
import type { SectorMap } from "../lib/blocks/sector_map.ts";
import { Disk, fatTime, RES_OK } from "./disk.ts";

/** `FRESULT`, in order. */
const RESULTS = [
  "OK",
  "DISK_ERR",
  "INT_ERR",
  "NOT_READY",
  "NO_FILE",
  "NO_PATH",
  "INVALID_NAME",
  "DENIED",
  "EXIST",
  "INVALID_OBJECT",
  "WRITE_PROTECTED",
  "INVALID_DRIVE",
  "NOT_ENABLED",
  "NO_FILESYSTEM",
  "MKFS_ABORTED",
  "TIMEOUT",
  "LOCKED",
  "NOT_ENOUGH_CORE",
  "TOO_MANY_OPEN_FILES",
  "INVALID_PARAMETER",
] as const;
const INVALID_NAME = RESULTS.indexOf("INVALID_NAME");

/** `f_mkfs` options: FAT32 without a partition table, for the partition is the whole drive here. */
const FM_FAT32_SFD = 0x02 | 0x08;
/** `f_open` modes: read, write, and fail if the file exists. */
const FA_READ_WRITE_CREATE_NEW = 0x01 | 0x02 | 0x04;
/** `MKFS_PARM` as 32-bit C lays it out. */
const MKFS_PARM = {
  fmt: uint8(0),
  n_fat: uint8(1),
  align: uint32(4),
  n_root: uint32(8),
  au_size: uint32(12),
} as const;
/** For `MKFS_PARM`, and for the byte that is read. */
const BUFFER_BYTES = 16;
/** What `f_mkfs` may use at a time, larger is faster; then paths are passed in it. */
const WORK_BYTES = 64 * 1024;
/** Files that memory is taken for at a time. */
const FILES_AT_A_TIME = 64;
/** The size that the module is linked for, in pages of 64 KiB; its heap grows by itself. */
const MEMORY_PAGES = 8;

/** A call of FatFs that did not succeed. */
export class FatFsError extends Error {
  override readonly name = "FatFsError";
  /** Undefined for a number that is none of FatFs'. */
  readonly result: typeof RESULTS[number] | undefined;

  /** @param call What was to be done, as in a sentence. */
  constructor(call: string, result: number, path: string) {
    super(`Cannot ${call} ${path}: ${RESULTS[result]}`);
    this.result = RESULTS[result];
  }
}

/**
 * The parts of the module that are used. Pointers and sizes are 32-bit numbers. There is `free`, too,
 * but `malloc` traps after some hundred calls of both with sizes around 256: nothing is given back.
 */
interface FatFsExports {
  malloc(bytes: number): number;
  sizeof_FATFS(): number;
  sizeof_FIL(): number;
  f_mkfs(path: number, options: number, work: number, workBytes: number): number;
  f_mount(fs: number, path: number, now: number): number;
  f_setlabel(label: number): number;
  f_mkdir(path: number): number;
  f_open(file: number, path: number, mode: number): number;
  f_read(file: number, into: number, bytes: number, read: number): number;
  f_close(file: number): number;
  ffw_f_expand(file: number, bytesLow: number, bytesHigh: number, now: number): number;
  ffw_f_lseek(file: number, offsetLow: number, offsetHigh: number): number;
}

/** What to format a volume with. */
export interface FormatOptions {
  /** How large it is, in sectors of 512 bytes. */
  readonly sectors: number;
  /** A power of two, from 512 on. */
  readonly clusterBytes: number;
  /** The sectors that the data area's beginning is aligned to, a power of two. */
  readonly alignSectors: number;
  /** At most 11 characters. */
  readonly label: string;
  /** The time stamp of everything, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** A file whose clusters are still to be reserved. */
export type FileHandle = { readonly path: string };

/** A mounted FAT32 volume. */
export class FatVolume {
  readonly #exports: FatFsExports;
  readonly #memory: WebAssembly.Memory;
  readonly #disk: Disk;
  readonly #work: number;
  readonly #buffer: number;
  readonly #files = new Map<FileHandle, number>();
  /** `FIL` structures to be used. */
  readonly #free: number[] = [];

  private constructor(exports: FatFsExports, memory: WebAssembly.Memory, disk: Disk) {
    this.#exports = exports;
    this.#memory = memory;
    this.#disk = disk;
    this.#work = exports.malloc(WORK_BYTES);
    this.#buffer = exports.malloc(BUFFER_BYTES);
  }

  /**
   * Formats a volume and mounts it.
   *
   * @param wasm The bytes of the package's `ff.wasm`.
   * @param sectors Where the volume's sectors are kept.
   * @throws {FatFsError} `MKFS_ABORTED` if it cannot be FAT32, `INVALID_NAME` for a label that is
   * none.
   */
  static async format(
    wasm: BufferSource,
    sectors: SectorMap,
    options: FormatOptions,
  ): Promise<FatVolume> {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
    const disk = new Disk(memory, sectors, options.sectors);
    const { instance } = await WebAssembly.instantiate(wasm, {
      env: {
        memory,
        ffw_disk_read: disk.read,
        ffw_disk_write: disk.write,
        disk_initialize: () => RES_OK,
        disk_status: () => RES_OK,
        disk_ioctl: disk.control,
        get_fattime: () => fatTime(options.timeMs),
      },
    });
    const exports = instance.exports as unknown as FatFsExports;
    const volume = new FatVolume(exports, memory, disk);
    volume.#makeFileSystem(options);
    return volume;
  }

  #makeFileSystem(options: FormatOptions): void {
    const parameters = new DataView(this.#memory.buffer, this.#buffer, BUFFER_BYTES);
    MKFS_PARM.fmt.set(parameters, FM_FAT32_SFD);
    MKFS_PARM.n_fat.set(parameters, 2);
    MKFS_PARM.align.set(parameters, options.alignSectors);
    MKFS_PARM.n_root.set(parameters, 0);
    MKFS_PARM.au_size.set(parameters, options.clusterBytes);
    const drive = this.#exports.malloc(1);
    new Uint8Array(this.#memory.buffer)[drive] = 0; // the empty string
    const made = this.#exports.f_mkfs(drive, this.#buffer, this.#work, WORK_BYTES);
    this.#check("format", "", made);
    const fs = this.#exports.malloc(this.#exports.sizeof_FATFS());
    this.#check("mount", "", this.#exports.f_mount(fs, drive, 1));
    const label = this.#string(options.label);
    this.#check("label", options.label, this.#exports.f_setlabel(label));
  }

  /**
   * Makes a directory.
   *
   * @throws {FatFsError} `EXIST` if there is something of that name.
   */
  makeDirectory(path: string): void {
    this.#check("make", path, this.#exports.f_mkdir(this.#string(path)));
  }

  /**
   * Enters an empty file into its directory.
   *
   * @throws {FatFsError} `EXIST` if there is something of that name.
   */
  createFile(path: string): FileHandle {
    const file = this.#newFile();
    const name = this.#string(path);
    this.#check("create", path, this.#exports.f_open(file, name, FA_READ_WRITE_CREATE_NEW));
    const handle = { path };
    this.#files.set(handle, file);
    return handle;
  }

  /**
   * Reserves contiguous clusters for a file, and closes it.
   *
   * @returns Where they begin, in bytes from the volume's beginning; undefined for an empty file.
   * @throws {FatFsError} `DENIED` if no contiguous run is free.
   * @throws {TypeError} if it was reserved before.
   */
  reserve(handle: FileHandle, sizeBytes: number): number | undefined {
    const file = this.#files.get(handle);
    if (file === undefined) throw new TypeError(`Cannot reserve ${handle.path} twice`);
    let offsetBytes: number | undefined;
    if (sizeBytes > 0) {
      const [low, high] = [sizeBytes >>> 0, Math.floor(sizeBytes / 2 ** 32)];
      this.#check("reserve", handle.path, this.#exports.ffw_f_expand(file, low, high, 1));
      offsetBytes = this.#firstByte(handle.path, file);
    }
    this.#check("close", handle.path, this.#exports.f_close(file));
    this.#free.push(file);
    this.#files.delete(handle);
    return offsetBytes;
  }

  /** Reads a file's first byte to see which sector FatFs asks for. */
  #firstByte(path: string, file: number): number {
    this.#check("seek in", path, this.#exports.ffw_f_lseek(file, 0, 0));
    this.#check("read", path, this.#exports.f_read(file, this.#buffer, 1, this.#buffer + 4));
    return this.#disk.lastReadLba * SECTOR_BYTES;
  }

  #newFile(): number {
    if (this.#free.length === 0) {
      const fileBytes = Math.ceil(this.#exports.sizeof_FIL() / 8) * 8;
      const files = this.#exports.malloc(FILES_AT_A_TIME * fileBytes);
      for (let i = FILES_AT_A_TIME; i-- > 0;) this.#free.push(files + i * fileBytes);
    }
    return this.#free.pop()!;
  }

  /** Passes a string: it is there until the next one. */
  #string(text: string): number {
    const bytes = new TextEncoder().encode(text + "\0");
    if (bytes.length > WORK_BYTES) throw new FatFsError("pass", INVALID_NAME, text);
    new Uint8Array(this.#memory.buffer).set(bytes, this.#work);
    return this.#work;
  }

  #check(call: string, path: string, result: number): void {
    if (result !== 0) throw new FatFsError(call, result, path);
  }
}
