/**
 * Ends the program cleanly when it is told to stop.
 *
 * @module
 */

import { writeStderr } from "./terminal.ts";

/** signal(7): what ends a program from a terminal, a supervisor, or with its terminal. */
const SIGNALS: readonly (readonly [signal: Deno.Signal, number: number])[] = [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
];
/** What shells say of a program that a signal has ended (POSIX.1-2017, XCU 2.8.2), plus its number. */
const BY_SIGNAL = 128;

/** What listens to signals until it is disposed of. */
export interface SignalWatch extends Disposable {
  /** Hears the signals that have come, and none after them: what follows is over in a moment. */
  drainSignals(): Promise<void>;
}

/**
 * While it lives, a signal cleans up and ends the program with status 128 and the signal's number.
 *
 * @param cleanUp Returns what stays, each as a clause for a message.
 */
export function abortOnSignal(cleanUp: () => readonly string[]): SignalWatch {
  let isDeaf = false;
  const listeners = SIGNALS.filter(([signal]) => Deno.build.os !== "windows" || signal === "SIGINT")
    .map(([signal, number]) => {
      const listener = () => {
        if (!isDeaf) endBy(signal, number, cleanUp());
      };
      Deno.addSignalListener(signal, listener);
      return { signal, listener };
    });
  return {
    async drainSignals() {
      // With always something to do, the runtime may not look for signals. It does while it waits
      // for a timer, and reports them in the next turn.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      isDeaf = true;
    },
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** Ends the program as Ctrl-C does, where the terminal sends it as a character. */
export function endByInterrupt(): never {
  endBy("SIGINT", 2, []);
}

function endBy(signal: Deno.Signal, number: number, left: readonly string[]): never {
  const rest = left.length === 0 ? "nothing was left behind" : left.join(", ");
  writeStderr(`esxi-img: stopped by ${signal}; ${rest}\n`);
  Deno.exit(BY_SIGNAL + number);
}

let ignoresSigxfsz = false;

/**
 * Lets a write fail that makes a file larger than its limit (setrlimit(2), RLIMIT_FSIZE), instead of
 * being killed by it. For good: other writes may still be under way when the first has failed.
 */
export function ignoreSigxfsz(): void {
  if (ignoresSigxfsz || Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGXFSZ", () => {});
  ignoresSigxfsz = true;
}
