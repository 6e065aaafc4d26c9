/**
 * Builds that are told to stop, or are killed, at many moments.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import {
  LONG_MODULE_BYTES,
  PARTIAL_NAME,
  start,
  startAndStop,
  writeSlowIso,
} from "../support/slow_build.ts";

const OUTPUT = "out.img.gz";
const ARGS = ["build", "in.iso", "-o", OUTPUT, "--manifest", "m.json"];
const FINISHED = ["in.iso", "m.json", "out.img.gz"];
/** How much of the output is written when the signal comes. */
const MOMENTS_BYTES = [0, 1_000_000, 5_000_000];

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} leaves nothing behind`, async () => {
    using folder = new Folder();
    // The runtime hears signals in a thread of its own, which may wait long for a busy processor.
    writeSlowIso(folder.file("in.iso"), LONG_MODULE_BYTES);
    for (const writtenBytes of MOMENTS_BYTES) {
      await using running = await startAndStop(ARGS, folder, OUTPUT, writtenBytes);
      running.signal(signal);
      running.signal("SIGCONT");
      const { code, stdout, stderr } = await running.outcome;
      assert.equal(stderr, `esxi-img: stopped by ${signal}; nothing was left behind\n`);
      assert.deepEqual({ code, stdout }, { code: status, stdout: "" });
      assert.deepEqual(folder.names(), ["in.iso"]);
    }
  });
}

Deno.test("SIGKILL leaves what the next build of the same output removes", async () => {
  using folder = new Folder();
  writeSlowIso(folder.file("in.iso"));
  for (const writtenBytes of MOMENTS_BYTES) {
    await using running = await startAndStop(ARGS, folder, OUTPUT, writtenBytes);
    running.signal("SIGKILL");
    assert.equal((await running.outcome).signal, "SIGKILL");
    const left = folder.names().filter((name) => name !== "in.iso");
    const outputs = left.map((name) =>
      PARTIAL_NAME.exec(name)?.[1] ?? `${name} is no partial file`
    );
    assert.ok(outputs.includes(OUTPUT), outputs.join());
    assert.deepEqual(outputs.filter((name) => ![OUTPUT, "m.json"].includes(name)), []);
  }
  await mustEsxiImg([...ARGS, "--verify"], { cwd: folder.path });
  assert.deepEqual(folder.names(), FINISHED);
});

Deno.test("a partial file of a build at work is left to it, to its last moment", async () => {
  using folder = new Folder();
  writeSlowIso(folder.file("in.iso"));
  const { path: cwd } = folder;
  await mustEsxiImg(["build", "in.iso", "-o", "whole.img.gz"], { cwd });
  const wholeBytes = (await Deno.stat(folder.file("whole.img.gz"))).size;
  await Deno.remove(folder.file("whole.img.gz"));
  for (const writtenBytes of [1, wholeBytes]) { // before the first byte it may not be locked yet
    await using first = await startAndStop([...ARGS, "--verify"], folder, OUTPUT, writtenBytes);
    const partial = folder.names().find((name) => name.startsWith(".out.img.gz.")) ?? "";
    await mustEsxiImg(["build", "in.iso", "-o", "out.img.gz"], { cwd });
    assert.ok(folder.names().includes(partial));
    first.signal("SIGCONT");
    const { code, stderr } = await first.outcome;
    assert.equal(code, 1);
    assert.match(stderr, /^esxi-img: out\.img\.gz: another program made the file meanwhile; .*\n$/);
    assert.deepEqual(folder.names(), ["in.iso", "out.img.gz"]);
    await mustEsxiImg(["verify", "out.img.gz", "--iso", "in.iso"], { cwd });
    await Deno.remove(folder.file("out.img.gz"));
  }
});

Deno.test("what looks like a partial file and is somebody else's stays", async () => {
  using folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  const { path: cwd } = folder;
  const [ours, theirs] = [
    `.out.img.gz.${crypto.randomUUID()}.esxi-img-partial`,
    `.out.img.gz.${crypto.randomUUID()}.partial`,
  ];
  for (const name of [ours, theirs]) folder.write(name, "");
  await mustEsxiImg(["build", "in.iso", "-o", "out.img.gz"], { cwd });
  assert.deepEqual(folder.names(), [theirs, "in.iso", "out.img.gz"]);
});

Deno.test("of two builds to one output one wins, the other says so", async () => {
  using folder = new Folder();
  writeSlowIso(folder.file("in.iso"));
  const args = ["build", "in.iso", "-o", "out.img.gz"];
  const outcomes = await Promise.all([1, 2].map(() => start(args, folder.path).outcome));
  assert.deepEqual(outcomes.map(({ code }) => code).toSorted(), [0, 1]);
  const loser = outcomes.find(({ code }) => code === 1);
  assert.match(loser?.stderr ?? "", /^esxi-img: out\.img\.gz: .*exists|another program/);
  assert.deepEqual(folder.names(), ["in.iso", "out.img.gz"]);
  await mustEsxiImg(["verify", "out.img.gz", "--iso", "in.iso"], { cwd: folder.path });

  const forced = await Promise.all(
    [1, 2].map(() => start([...args, "--force"], folder.path).outcome),
  );
  assert.deepEqual(forced.map(({ code }) => code), [0, 0]);
  assert.deepEqual(folder.names(), ["in.iso", "out.img.gz"]);
  await mustEsxiImg(["verify", "out.img.gz", "--iso", "in.iso"], { cwd: folder.path });
});
