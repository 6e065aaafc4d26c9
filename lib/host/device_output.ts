/**
 * Writes an image over a disk that was found fit for it.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { type HeldDisk, holdDisk } from "./exclusive.ts";
import { ioFailure } from "./io_failure.ts";
import { type Output, writeAll } from "./output.ts";
import type { TargetDevice } from "./target_device.ts";

/**
 * The partition table and all before the first partition. It is written last: until then the disk
 * looks empty, and not like an image that somebody might boot.
 */
const HEAD_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(HEAD_BYTES);

/**
 * Opens a disk to be written over, and holds it until it is written.
 *
 * @param imageBytes How much of the disk the image takes. Its holes there are filled with zeros;
 * those beyond keep what the disk held, which spares writing to all of it.
 * @throws {Failure} `io` if it is in use, or cannot be opened.
 */
export function openDeviceOutput(device: TargetDevice, imageBytes: number): Output {
  const { path, sizeBytes } = device;
  const disk = holdDisk(path);
  const nowBytes = disk.file.seekSync(0, Deno.SeekMode.End);
  disk.file.seekSync(0, Deno.SeekMode.Start);
  if (nowBytes === sizeBytes) return new DeviceOutput(path, disk, imageBytes);
  disk[Symbol.dispose]();
  throw new Failure("io", path, "it is another disk than a moment ago", "run again");
}

class DeviceOutput implements Output {
  writtenBytes = 0;
  readonly name: string;
  readonly #disk: HeldDisk;
  readonly #imageBytes: number;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #isReleased = false;
  #isTouched = false;

  constructor(name: string, disk: HeldDisk, imageBytes: number) {
    this.name = name;
    this.#disk = disk;
    this.#imageBytes = imageBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const headBytes = Math.min(Math.max(HEAD_BYTES - this.writtenBytes, 0), bytes.length);
    this.#head.set(bytes.subarray(0, headBytes), headBytes > 0 ? this.writtenBytes : 0);
    await this.#append(ZEROS.subarray(0, headBytes));
    await this.#append(bytes.subarray(headBytes));
  }

  async hole(lengthBytes: number): Promise<void> {
    const zerosEnd = Math.min(this.writtenBytes + lengthBytes, this.#imageBytes);
    const skipBytes = this.writtenBytes + lengthBytes - Math.max(zerosEnd, this.writtenBytes);
    while (this.writtenBytes < zerosEnd) {
      await this.#append(ZEROS.subarray(0, Math.min(ZEROS.length, zerosEnd - this.writtenBytes)));
    }
    if (skipBytes === 0) return;
    try {
      await this.#disk.file.seek(skipBytes, Deno.SeekMode.Current);
      this.writtenBytes += skipBytes;
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) this.#isTouched = true;
    await writeAll(this.#disk.file, bytes, this.name);
    this.writtenBytes += bytes.length;
  }

  async finish(): Promise<string> {
    const { file } = this.#disk;
    try {
      await file.sync(); // the data before what makes them count
      await file.seek(0, Deno.SeekMode.Start);
      // At once, so that no signal finds a table half-written, or writes behind its removal.
      writeAllSync(file, this.#head.subarray(0, Math.min(HEAD_BYTES, this.writtenBytes)));
      file.syncSync();
      this.#disk.forget();
      return this.name;
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  commit(): void {}

  keep(): Promise<void> {
    this.#release();
    return Promise.resolve();
  }

  /** Leaves a disk without partition table. */
  abort(): string | undefined {
    if (this.#isReleased || !this.#isTouched) return this.#release();
    try {
      using file = this.#disk.reopen(); // the other may be at work
      writeAllSync(file, ZEROS.subarray(0, Math.min(HEAD_BYTES, this.#imageBytes)));
      file.syncSync();
    } catch {
      // gone or broken
    }
    this.#release();
    return `${this.name} is half-written: what it held is lost, and there is no image on it`;
  }

  #release(): undefined {
    if (!this.#isReleased) this.#disk[Symbol.dispose]();
    this.#isReleased = true;
  }
}

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
