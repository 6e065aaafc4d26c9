/**
 * Says how far a long work is: on a terminal by a line that is redrawn, elsewhere by a line now and
 * then.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { formatSize } from "./sizes.ts";
import { redrawableColumns, writeStderr } from "../host/terminal.ts";

const REDRAW_MS = 100;
/** In a log, or on a terminal that cannot redraw. */
const LOG_MS = 10_000;
/** Below this the rate is noise. */
const SETTLED_MS = 300;
/** What an output does at its end. */
export const TO_THE_DISK = "writing to the disk";
const CLEAR_LINE = "\r\x1b[K";

/** Who wants to see it. */
export interface ProgressFlags {
  readonly quiet: boolean;
  /** A program reads what is printed: it gets no lines in between, people do. */
  readonly json: boolean;
}

/** Where it is shown, and when. */
export interface Screen {
  /** As {@linkcode redrawableColumns}. */
  columns(): number | undefined;
  write(text: string): void;
  nowMs(): number;
}

const STDERR: Screen = {
  columns: redrawableColumns,
  write: writeStderr,
  nowMs: () => performance.now(),
};

/** Shows progress while it lives. */
export class Progress implements Disposable {
  readonly #phase: string;
  readonly #flags: ProgressFlags;
  readonly #screen: Screen;
  readonly #startMs: number;
  #shownMs = 0;
  #isLineOpen = false;

  /** @param phase What is being done, as in `building`. */
  constructor(phase: string, flags: ProgressFlags, screen: Screen = STDERR) {
    this.#phase = phase;
    this.#flags = flags;
    this.#screen = screen;
    this.#startMs = screen.nowMs();
  }

  /** Says how much is done, at most ten times a second. */
  readonly update = (doneBytes: number, totalBytes: number): void => {
    this.#show((elapsedMs, columns) =>
      progressLine(this.#phase, doneBytes, totalBytes, elapsedMs, columns)
    );
  };

  /** Says for how long it has waited, where there is nothing to be counted. */
  readonly wait = (): void => {
    this.#show((elapsedMs, columns = Infinity) => {
      const line = `${this.#phase}  ${Math.floor(elapsedMs / 1000)} s`;
      return line.length < columns ? line : "";
    });
  };

  #show(lineFor: (elapsedMs: number, columns: number | undefined) => string): void {
    const { quiet, json } = this.#flags;
    if (quiet) return;
    const elapsedMs = this.#screen.nowMs() - this.#startMs;
    if (elapsedMs - this.#shownMs < REDRAW_MS) return;
    const columns = this.#screen.columns();
    if (columns === undefined && (json || elapsedMs - this.#shownMs < LOG_MS)) return;
    this.#shownMs = elapsedMs;
    const line = lineFor(elapsedMs, columns);
    this.#isLineOpen = columns !== undefined;
    this.#screen.write(this.#isLineOpen ? CLEAR_LINE + line : `${line}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#isLineOpen) this.#screen.write(CLEAR_LINE);
  }
}

/**
 * Does a long work, and shows how far it is.
 *
 * @param phase What is being done, as in `hashing the ISO`.
 */
export async function withProgress<T>(
  phase: string,
  flags: ProgressFlags,
  work: (update: Progress["update"]) => Promise<T>,
): Promise<T> {
  using progress = new Progress(phase, flags);
  return await work(progress.update);
}

/** Waits for what cannot be counted, say a disk that writes what it was given, and shows that. */
export async function withWaiting<T>(
  phase: string,
  flags: ProgressFlags,
  work: () => Promise<T>,
): Promise<T> {
  using progress = new Progress(phase, flags);
  const timer = setInterval(progress.wait, REDRAW_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** A source that says how much of it was read, at most all: what is read again does not count. */
export function watched(source: Source, update: Progress["update"]): Source {
  const { name, sizeBytes } = source;
  let readBytes = 0;
  return {
    name,
    sizeBytes,
    read(into, offsetBytes) {
      const tell = () => {
        readBytes = Math.min(readBytes + into.length, sizeBytes);
        update(readBytes, sizeBytes);
      };
      const reading = source.read(into, offsetBytes);
      return reading ? reading.then(tell) : tell();
    },
  };
}

/**
 * As in `building  412 MB of 725 MB  56 %  824 MB/s  1 s left`; in a narrow place the parts that fit,
 * the share before all others.
 *
 * @param columns How many characters a line has; the last one stays empty, since terminals go on in
 * the next line behind it.
 */
export function progressLine(
  phase: string,
  doneBytes: number,
  totalBytes: number,
  elapsedMs: number,
  columns: number = Infinity,
): string {
  const percent = totalBytes === 0 ? 100 : Math.floor(doneBytes / totalBytes * 100);
  const sizes = `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`;
  const parts = [phase, sizes, `${percent} %`];
  if (elapsedMs >= SETTLED_MS && doneBytes > 0) {
    const bytesPerSecond = doneBytes / elapsedMs * 1000;
    const seconds = Math.ceil((totalBytes - doneBytes) / bytesPerSecond);
    const left = seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
    parts.push(`${formatSize(bytesPerSecond)}/s`, `${left} left`);
  }
  const fits = (line: string) => line.length < columns;
  for (let count = parts.length; count >= 3; count--) {
    const line = parts.slice(0, count).join("  ");
    if (fits(line)) return line;
  }
  const share = `${percent} %`;
  return [`${phase}  ${share}`, share].find(fits) ?? "";
}
