import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";

const SIGNALS_MODULE = import.meta.resolve("../../lib/host/signals.ts");
/**
 * Works without a pause until there is the file that is named, and some more: the runtime hears
 * signals in a thread of its own, which may wait long for a busy processor.
 */
const BUSY = `
import { abortOnSignal } from ${JSON.stringify(SIGNALS_MODULE)};
using signals = abortOnSignal(() => (console.log("cleaned up"), []));
console.log("at work");
for (;;) {
  try {
    Deno.statSync(Deno.args[0]);
    break;
  } catch {
    // not there yet
  }
}
for (const startMs = Date.now(); Date.now() < startMs + 2000;);
await signals.drainSignals();
Deno.kill(Deno.pid, "SIGHUP");
await new Promise((resolve) => setTimeout(resolve, 50));
console.log("not stopped");
`;

for (const isSignalled of [true, false]) {
  const title = isSignalled
    ? "that came during the work is heard"
    : "that comes after the last is not";
  Deno.test(`a signal ${title}`, async () => {
    using folder = new Folder();
    folder.write("busy.ts", BUSY);
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", folder.file("busy.ts"), folder.file("done")],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let stdout = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += text;
      if (stdout !== "at work\n") continue;
      if (isSignalled) child.kill("SIGHUP");
      folder.write("done", "");
    }
    const { code } = await child.status;
    const stderr = await new Response(child.stderr).text();
    assert.deepEqual(
      { code, stdout, stderr },
      isSignalled
        ? {
          code: 129,
          stdout: "at work\ncleaned up\n",
          stderr: "esxi-img: stopped by SIGHUP; nothing was left behind\n",
        }
        : { code: 0, stdout: "at work\nnot stopped\n", stderr: "" },
    );
  });
}
