/**
 * Ends the program cleanly when it is told to stop.
 *
 * @module
 */

import { writeStderr } from "./terminal.ts";

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** While it lives, a signal cleans up and ends the program with status 1. */
export function abortOnSignal(cleanUp: () => void): Disposable {
  const listeners = SIGNALS.filter((signal) => Deno.build.os !== "windows" || signal === "SIGINT")
    .map((signal) => {
      const listener = () => {
        cleanUp();
        writeStderr(`esxi-img: stopped by ${signal}; nothing was left behind\n`);
        Deno.exit(1);
      };
      Deno.addSignalListener(signal, listener);
      return { signal, listener };
    });
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/**
 * Lets signals that have come be heard: while there is always something to do, the runtime may not
 * look for them. It does before it lets a timer fire.
 */
export async function hearSignals(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
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
