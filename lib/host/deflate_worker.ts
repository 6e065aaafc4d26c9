/**
 * A thread that deflates what it is sent. Buffers move, they are not copied, and go back with the
 * result to be used again.
 *
 * @module
 */

import { deflatePiece, release } from "../formats/deflate/deflate.ts";
import { type PackedUnits, packUnits, type UnitStyle } from "../formats/deflate/units.ts";

/** What the thread is sent. */
export interface DeflateRequest {
  readonly buffer: ArrayBuffer;
  readonly lengthBytes: number;
  /** Units that lie behind each other in the buffer; without it, all of it is one piece. */
  readonly units?: { readonly lengthsBytes: readonly number[]; readonly style: UnitStyle };
}

/** What it answers. */
export interface DeflateReply extends PackedUnits {
  /** The request's. */
  readonly buffer: ArrayBuffer;
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<DeflateRequest>) => void;
  postMessage(reply: DeflateReply | "ready", transfer?: Transferable[]): void;
};

thread.onmessage = ({ data: { buffer, lengthBytes, units } }) => {
  const content = new Uint8Array(buffer, 0, lengthBytes);
  const packed = units === undefined
    ? packPiece(content)
    : packUnits(content, units.lengthsBytes, units.style);
  thread.postMessage({ ...packed, buffer }, [buffer, packed.bytes.buffer]);
};

function packPiece(content: Uint8Array): PackedUnits {
  const deflated = deflatePiece(content);
  // A small result lies in a larger buffer, which is not to be copied as a whole.
  const bytes = new Uint8Array(deflated);
  release(deflated);
  return { bytes, lengthsBytes: [bytes.length] };
}

thread.postMessage("ready");
