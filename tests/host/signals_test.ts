import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";

/** Works without a pause until there is the file that is named. */
const BUSY = `
import { abortOnSignal, hearSignals } from ${
  JSON.stringify(
    import.meta.resolve("../../lib/host/signals.ts"),
  )
};
using _signals = abortOnSignal(() => console.log("cleaned up"));
console.log("at work");
for (;;) {
  try {
    Deno.statSync(Deno.args[0]);
    break;
  } catch {
    // not there yet
  }
}
await hearSignals();
console.log("not stopped");
`;

Deno.test("a signal that came during the work is heard before it counts as done", async () => {
  using folder = new Folder();
  folder.write("busy.ts", BUSY);
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", folder.file("busy.ts"), folder.file("done")],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let stdout = "";
  for await (const text of lines) {
    stdout += text;
    if (stdout !== "at work\n") continue;
    child.kill("SIGHUP");
    folder.write("done", "");
  }
  const { code } = await child.status;
  const stderr = await new Response(child.stderr).text();
  assert.deepEqual({ code, stdout, stderr }, {
    code: 1,
    stdout: "at work\ncleaned up\n",
    stderr: "esxi-img: stopped by SIGHUP; nothing was left behind\n",
  });
});
