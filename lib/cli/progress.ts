/**
 * A line on the terminal that says how far a long work is.
 *
 * @module
 */

import { formatSize } from "./sizes.ts";
import { isWatched, writeStderr } from "../host/terminal.ts";

const INTERVAL_MS = 100;
/** Below this the rate is noise. */
const SETTLED_MS = 300;
const CLEAR_LINE = "\r\x1b[K";

/** Shows progress while it is watched. */
export class Progress implements Disposable {
  readonly #action: string;
  readonly #isShown: boolean;
  readonly #startMs = performance.now();
  #shownMs = 0;

  /** @param action What is being done, as in `building`. */
  constructor(action: string, isQuiet: boolean) {
    this.#action = action;
    this.#isShown = !isQuiet && isWatched();
  }

  /** Says how much is done, at most ten times a second. */
  readonly update = (doneBytes: number, totalBytes: number): void => {
    const nowMs = performance.now();
    if (!this.#isShown || nowMs - this.#shownMs < INTERVAL_MS) return;
    this.#shownMs = nowMs;
    writeStderr(
      CLEAR_LINE + progressLine(this.#action, doneBytes, totalBytes, nowMs - this.#startMs),
    );
  };

  [Symbol.dispose](): void {
    if (this.#shownMs > 0) writeStderr(CLEAR_LINE);
  }
}

/** As in `building  412 MB of 725 MB  56 %  824 MB/s  1 s left`. */
export function progressLine(
  action: string,
  doneBytes: number,
  totalBytes: number,
  elapsedMs: number,
): string {
  const percent = totalBytes === 0 ? 100 : Math.floor(doneBytes / totalBytes * 100);
  const parts = [action, `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`, `${percent} %`];
  if (elapsedMs >= SETTLED_MS && doneBytes > 0) {
    const bytesPerSecond = doneBytes / elapsedMs * 1000;
    const seconds = Math.ceil((totalBytes - doneBytes) / bytesPerSecond);
    const left = seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
    parts.push(`${formatSize(bytesPerSecond)}/s`, `${left} left`);
  }
  return parts.join("  ");
}
