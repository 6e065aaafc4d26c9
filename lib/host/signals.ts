/**
 * Ends the program cleanly when it is told to stop.
 *
 * @module
 */

import { writeStderr } from "./terminal.ts";

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What listens to signals until it is disposed of. */
export interface SignalWatch extends Disposable {
  /** Hears the signals that have come, and none after them: what follows is over in a moment. */
  hearLast(): Promise<void>;
}

/** While it lives, a signal cleans up and ends the program with status 1. */
export function abortOnSignal(cleanUp: () => void): SignalWatch {
  let isDeaf = false;
  const listeners = SIGNALS.filter((signal) => Deno.build.os !== "windows" || signal === "SIGINT")
    .map((signal) => {
      const listener = () => {
        if (isDeaf) return;
        cleanUp();
        writeStderr(`esxi-img: stopped by ${signal}; nothing was left behind\n`);
        Deno.exit(1);
      };
      Deno.addSignalListener(signal, listener);
      return { signal, listener };
    });
  return {
    async hearLast() {
      // With always something to do, the runtime may not look for signals. It does while it waits
      // for a timer, and tells of them in the next turn.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      isDeaf = true;
    },
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

let outlivesSizeLimit = false;

/**
 * Lets a write fail that makes a file larger than its limit (setrlimit(2), RLIMIT_FSIZE), instead of
 * being killed by it. For good: other writes may still be under way when the first has failed.
 */
export function outliveSizeLimit(): void {
  if (outlivesSizeLimit || Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGXFSZ", () => {});
  outlivesSizeLimit = true;
}
