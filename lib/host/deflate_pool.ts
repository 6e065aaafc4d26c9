/**
 * Deflates in as many threads as there are processors.
 *
 * @module
 */

import { deflateWorkerUrl } from "./assets.ts";
import { type Deflater, gather, inlineDeflater } from "../encode/deflate.ts";
import type { DeflateReply, DeflateRequest } from "./deflate_worker.ts";

/**
 * Threads take some 30 ms to start. Installers hold less than this that can be compressed, and
 * are done sooner without.
 */
const INLINE_BYTES = 16 * 1024 * 1024;
/** Pieces that wait for each thread, so that none stands still. */
const QUEUED = 2;

/** Deflates in threads once it pays. To be closed: threads keep the program from ending. */
export class DeflatePool implements Deflater, Disposable {
  readonly depth: number;
  readonly #threads: number;
  readonly #inline = inlineDeflater();
  readonly #workers: Worker[] = [];
  readonly #buffers: ArrayBuffer[] = [];
  #inlineBytes = 0;
  #next = 0;

  constructor(threads: number = navigator.hardwareConcurrency) {
    this.#threads = threads;
    this.depth = threads > 1 ? threads * QUEUED : 0;
  }

  deflate(bytes: readonly Uint8Array[]): Uint8Array | Promise<Uint8Array> {
    const lengthBytes = bytes.reduce((sum, piece) => sum + piece.length, 0);
    if (this.depth === 0 || this.#inlineBytes < INLINE_BYTES || !this.#mayStart()) {
      this.#inlineBytes += lengthBytes;
      return this.#inline.deflate(bytes);
    }
    let buffer = this.#buffers.pop();
    if (buffer === undefined || buffer.byteLength < lengthBytes) {
      buffer = new ArrayBuffer(lengthBytes);
    }
    gather(bytes, new Uint8Array(buffer));
    return this.#send({ buffer, lengthBytes });
  }

  /** The runtime starts no thread once the current folder is gone. */
  #mayStart(): boolean {
    if (this.#workers.length === this.#threads) return true;
    try {
      return Deno.cwd() !== "";
    } catch {
      return false;
    }
  }

  /** Threads answer in the order in which they are asked. */
  #send(request: DeflateRequest): Promise<Uint8Array> {
    const worker = this.#worker();
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        worker.removeEventListener("message", onMessage);
        worker.removeEventListener("error", onError);
        how();
      };
      const onMessage = (event: MessageEvent<DeflateReply>) => {
        event.stopImmediatePropagation(); // the next request's listener waits for its own answer
        this.#buffers.push(event.data.buffer);
        settle(() => resolve(event.data.deflated));
      };
      const onError = (event: ErrorEvent) => {
        event.preventDefault(); // it is told once, by whoever waits
        settle(() => reject(new Error(event.message)));
      };
      worker.addEventListener("message", onMessage);
      worker.addEventListener("error", onError);
      worker.postMessage(request, [request.buffer]);
    });
  }

  #worker(): Worker {
    const index = this.#next++ % this.#threads;
    return this.#workers[index] ??= new Worker(deflateWorkerUrl(), { type: "module" });
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}
