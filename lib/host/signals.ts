/**
 * Ends the program cleanly when it is told to stop.
 *
 * @module
 */

import { writeStderr } from "./terminal.ts";

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * While it lives, a signal cleans up and ends the program with status 1. A file that outgrows its
 * limit (setrlimit(2), RLIMIT_FSIZE) is left to the write that fails.
 */
export function abortOnSignal(cleanUp: () => void): Disposable {
  const ignore = () => {};
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGXFSZ", ignore);
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
      if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGXFSZ", ignore);
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
