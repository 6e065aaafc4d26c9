/**
 * Where an encoder writes to.
 *
 * @module
 */

/** Takes bytes in order. */
export interface Sink {
  /**
   * Appends bytes. Their buffer belongs to the sink until the promise is fulfilled.
   *
   * @throws {Failure} `io` if they cannot be written.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Appends zeros, as a hole where the output can hold one. */
  hole(lengthBytes: number): Promise<void>;
  /** Zeros may be written in place of holes that are shorter. Without it, all holes matter. */
  readonly minHoleBytes?: number | undefined;
}

/** What every encoder may be given besides the disk and the sink. */
export interface EncodeOptions {
  /** Called as the disk is worked through, with the number of its bytes done so far. */
  readonly onProgress?: ((doneBytes: number) => void) | undefined;
}
