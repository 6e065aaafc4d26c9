/**
 * Deflates in as many threads as there are processors, within reason.
 *
 * @module
 */

import { gather, totalBytes } from "../formats/deflate/deflate.ts";
import { type Deflater, inlineDeflater } from "../formats/deflate/deflater.ts";
import { type DeflatedUnits, type UnitStyle, unpackUnits } from "../formats/deflate/units.ts";
import { deflateWorkerUrl } from "./assets.ts";
import type { DeflateReply, DeflateRequest } from "./deflate_worker.ts";

/** Installers hold less than this that can be compressed, and are done sooner without threads. */
const INLINE_BYTES = 8 * 1024 * 1024;
/** Each takes 20 MB; so many deflate faster than most disks take what comes out. */
const MAX_THREADS = 16;
/** Pieces that wait for each thread, so that none stands still. */
const QUEUED = 2;

/** Deflates in threads once it pays. To be closed: threads keep the program from ending. */
export class DeflatePool implements Deflater, Disposable {
  readonly depth: number;
  readonly #wanted: number;
  readonly #inline = inlineDeflater();
  readonly #threads: DeflateThread[] = [];
  readonly #buffers: ArrayBuffer[] = [];
  #inlineBytes = 0;

  constructor(threads: number = Math.min(navigator.hardwareConcurrency, MAX_THREADS)) {
    this.#wanted = threads;
    this.depth = threads > 1 ? threads * QUEUED : 0;
  }

  /** Whether a thread has started. */
  get isThreaded(): boolean {
    return this.#threads.some((thread) => thread.state === "ready");
  }

  deflate(bytes: readonly Uint8Array[]): Uint8Array | Promise<Uint8Array> {
    return this.#ask(bytes)?.then((reply) => reply.bytes) ??
      this.#listening(this.#inline.deflate(bytes));
  }

  deflateUnits(
    units: readonly Uint8Array[],
    style: UnitStyle,
  ): DeflatedUnits | Promise<DeflatedUnits> {
    const lengthsBytes = units.map((unit) => unit.length);
    return this.#ask(units, { lengthsBytes, style })?.then(unpackUnits) ??
      this.#listening(this.#inline.deflateUnits(units, style));
  }

  /**
   * What was done in this thread, but not before the threads that are starting were heard: whoever
   * reads and deflates alone never gets to hear them.
   */
  #listening<T>(result: T | Promise<T>): T | Promise<T> {
    if (!this.#threads.some((thread) => thread.state === "starting")) return result;
    return new Promise((resolve) => setTimeout(resolve, 0, result));
  }

  /** Asks the thread that has least to do, if there is one. */
  #ask(
    bytes: readonly Uint8Array[],
    units?: DeflateRequest["units"],
  ): Promise<DeflateReply> | undefined {
    const lengthBytes = totalBytes(bytes);
    if (this.depth > 0 && this.#inlineBytes >= INLINE_BYTES) this.#start();
    // A thread takes some 30 ms to start; nobody waits for it.
    const ready = this.#threads.filter((thread) => thread.state === "ready");
    if (ready.length === 0) {
      this.#inlineBytes += lengthBytes;
      return undefined;
    }
    const thread = ready.reduce((a, b) => b.waiting < a.waiting ? b : a);
    let buffer = this.#buffers.pop();
    if (buffer === undefined || buffer.byteLength < lengthBytes) {
      buffer = new ArrayBuffer(lengthBytes);
    }
    gather(bytes, new Uint8Array(buffer));
    const request = { buffer, lengthBytes, ...(units === undefined ? {} : { units }) };
    return thread.ask(request).then((reply) => {
      this.#buffers.push(reply.buffer);
      return reply;
    });
  }

  #start(): void {
    if (this.#threads.length > 0) return;
    try {
      Deno.cwd();
    } catch {
      return; // the runtime starts no thread once the current folder is gone
    }
    for (let i = 0; i < this.#wanted; i++) this.#threads.push(new DeflateThread());
  }

  [Symbol.dispose](): void {
    for (const thread of this.#threads) thread.terminate();
  }
}

/** A thread, and what it was asked for. It answers in the order in which it is asked. */
class DeflateThread {
  /** One that has failed is never asked. */
  state: "starting" | "ready" | "failed" = "starting";
  readonly #worker = new Worker(deflateWorkerUrl(), { type: "module" });
  readonly #asked: {
    readonly resolve: (reply: DeflateReply) => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  constructor() {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<DeflateReply | "ready">) => {
      if (data === "ready") this.state = "ready";
      else this.#asked.shift()?.resolve(data);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault(); // it is told by whoever waits
      this.state = "failed";
      for (const { reject } of this.#asked.splice(0)) reject(new Error(event.message));
    });
  }

  /** How many answers are missing. */
  get waiting(): number {
    return this.#asked.length;
  }

  /** Asks for bytes to be deflated. Their buffer moves to the thread, and comes back. */
  ask(request: DeflateRequest): Promise<DeflateReply> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(request, [request.buffer]);
    });
  }

  terminate(): void {
    this.#worker.terminate();
  }
}
