/**
 * A thread that deflates what it is sent. Buffers move, they are not copied, and go back with the
 * result to be used again.
 *
 * @module
 */

import { deflatePiece, release } from "../formats/deflate/deflate.ts";

/** What the thread is sent. */
export interface DeflateRequest {
  readonly buffer: ArrayBuffer;
  readonly lengthBytes: number;
}

/** What it answers. */
export interface DeflateReply {
  readonly deflated: Uint8Array;
  /** The request's. */
  readonly buffer: ArrayBuffer;
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<DeflateRequest>) => void;
  postMessage(reply: DeflateReply | "ready", transfer?: Transferable[]): void;
};

thread.onmessage = ({ data: { buffer, lengthBytes } }) => {
  const deflated = deflatePiece(new Uint8Array(buffer, 0, lengthBytes));
  // A small result lies in a larger buffer, which is not to be copied as a whole.
  const result = new Uint8Array(deflated);
  release(deflated);
  thread.postMessage({ deflated: result, buffer }, [buffer, result.buffer]);
};
thread.postMessage("ready");
