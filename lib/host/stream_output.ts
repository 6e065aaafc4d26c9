/**
 * Outputs that are written straight through: standard output, a pipe, a character device. What is
 * written to them is gone; no name waits for their end.
 *
 * @module
 */

import { closeSync, constants, openSync } from "node:fs";
import { ioFailure } from "./io_failure.ts";
import { type Output, writeAll, type Writer } from "./output.ts";

/** How often a pipe is asked for its reader. */
const PIPE_POLL_MS = 50;
const ZEROS = new Uint8Array(1024 * 1024);

/**
 * Opens a pipe or a character device.
 *
 * @throws {Failure} `io` if it cannot be opened.
 */
export async function openStreamOutput(path: string): Promise<Output> {
  return new StreamOutput(path, await openStream(path));
}

async function openStream(path: string): Promise<Deno.FsFile> {
  let reached: number | undefined;
  try {
    // To open a pipe stops the whole program, deaf to signals, until somebody reads from it.
    while ((reached = tryReach(path)) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, PIPE_POLL_MS));
    }
    return await Deno.open(path, { write: true });
  } catch (error) {
    throw ioFailure(error, path, "cannot write");
  } finally {
    if (reached !== undefined) closeSync(reached);
  }
}

/** Opens a pipe if somebody reads from it; open(2), `O_NONBLOCK`: ENXIO says that nobody does. */
function tryReach(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as { code?: string }).code === "ENXIO") return undefined;
    throw error;
  }
}

/** What takes bytes and gives none back. */
export class StreamOutput implements Output {
  /** Its holes are zeros anyway: as much as a pipe holds goes with what is beside it. */
  readonly minHoleBytes = 64 * 1024;
  writtenBytes = 0;
  readonly name: string;
  readonly #writer: Writer;
  #isAtWork = false;

  /** @param name As messages call it. */
  constructor(name: string, writer: Writer) {
    this.name = name;
    this.#writer = writer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#isAtWork = true;
    try {
      await writeAll(this.#writer, bytes, this.name, (count) => this.writtenBytes += count);
    } finally {
      this.#isAtWork = false;
    }
  }

  async hole(lengthBytes: number): Promise<void> {
    for (let done = 0; done < lengthBytes; done += ZEROS.length) {
      await this.write(ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - done)));
    }
  }

  finish(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  commit(): void {}

  async keep(): Promise<void> {}

  abort(): string | undefined {
    if (this.writtenBytes === 0) return this.#isAtWork ? `${this.name} has had a part` : undefined;
    return `${this.name} has had at least ${this.writtenBytes} bytes of it`;
  }
}
