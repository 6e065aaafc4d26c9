/**
 * Opens outputs so that nothing looks finished that is not.
 *
 * @module
 */

import type { Sink } from "../blocks/sink.ts";
import type { Committable } from "./commit.ts";
import { ioFailure } from "./io_failure.ts";

/** Something that an image can be written to. */
export interface Output extends Sink, Committable {
  /** The output's name in messages. */
  readonly name: string;
  readonly writtenBytes: number;
  /**
   * Begins as a copy of what another output holds; what is written then goes over it, and holes
   * leave it as it is. A file system that can lets both share what stays the same.
   *
   * @returns Whether it could: if not, it is still empty.
   */
  beginAs?(other: Output): Promise<boolean>;
  /** Is empty again. */
  beginAnew?(): void;
  /**
   * Ends the writing.
   *
   * @returns Where what was written can be read back, if it can.
   */
  finish(): Promise<string | undefined>;
}

/** How to open an output. */
export interface OutputOptions {
  /** Replace a file that is there. */
  readonly force?: boolean | undefined;
  /** Let nobody else read it. */
  readonly isSecret?: boolean;
  /** Let it survive a power failure from the moment the program is done. */
  readonly sync?: boolean | undefined;
  /** The paths it must not be: whatever else is read or written. */
  readonly others?: readonly string[];
}

/** What bytes are written to; it may take fewer at a time. */
export interface Writer {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes all of `bytes`, and says after each part how many more are written.
 *
 * @throws {Failure} `io` if they cannot be written.
 */
export async function writeAll(
  writer: Writer,
  bytes: Uint8Array,
  name: string,
  onWritten?: (count: number) => void,
): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) {
      const count = await writer.write(bytes.subarray(done));
      done += count;
      onWritten?.(count);
    }
  } catch (error) {
    throw ioFailure(error, name, "cannot write");
  }
}
