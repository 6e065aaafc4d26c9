import fc from "fast-check";
import assert from "node:assert/strict";
import { Progress, progressLine, watched, withProgress } from "../../lib/cli/progress.ts";
import { WholeHash } from "../../lib/blocks/hashing.ts";

const MB = 1_000_000;

Deno.test("progress: bytes, share, rate and time left", () => {
  assert.equal(
    progressLine("building", 412 * MB, 725 * MB, 500),
    "building  412 MB of 725 MB  56 %  824 MB/s  1 s left",
  );
  assert.equal(
    progressLine("verifying", MB, 1000 * MB, 10_000),
    "verifying  1.00 MB of 1.00 GB  0 %  100 kB/s  167 min left",
  );
  assert.equal(
    progressLine("building", 10 * MB, 60 * MB, 12_000),
    "building  10.0 MB of 60.0 MB  16 %  833 kB/s  1 min left",
  );
});

Deno.test("progress: no rate before it means something", () => {
  assert.equal(progressLine("building", 0, 725 * MB, 5000), "building  0 bytes of 725 MB  0 %");
  assert.equal(progressLine("building", MB, 10 * MB, 299), "building  1.00 MB of 10.0 MB  10 %");
});

Deno.test("progress: the end is the end, even of nothing", () => {
  assert.equal(
    progressLine("building", 10 * MB, 10 * MB, 1000),
    "building  10.0 MB of 10.0 MB  100 %  10.0 MB/s  0 s left",
  );
  assert.equal(progressLine("building", 0, 0, 0), "building  0 bytes of 0 bytes  100 %");
});

Deno.test("progress: always one short line of plain numbers", () => {
  fc.assert(fc.property(fc.nat(2 ** 45), fc.nat(2 ** 45), fc.nat(10 ** 7), (a, b, elapsedMs) => {
    const [doneBytes, totalBytes] = a < b ? [a, b] : [b, a];
    const line = progressLine("building", doneBytes, totalBytes, elapsedMs);
    const [action, done, share, ...rest] = line.split("  ");
    assert.equal(action, "building");
    assert.match(done!, /^[\d.]+ \w+ of [\d.]+ \w+$/);
    assert.match(share!, /^(100|\d?\d) %$/);
    if (rest.length > 0) {
      assert.equal(rest.length, 2);
      assert.match(rest[0]!, /^[\d.]+ \w+\/s$/);
      assert.match(rest[1]!, /^\d+ (s|min) left$/);
    }
  }));
});

Deno.test("progress: a narrow terminal gets what fits, the share first", () => {
  const line = (columns: number) => progressLine("building", 412 * MB, 725 * MB, 500, columns);
  assert.equal(line(80), "building  412 MB of 725 MB  56 %  824 MB/s  1 s left");
  assert.equal(line(50), "building  412 MB of 725 MB  56 %  824 MB/s");
  assert.equal(line(40), "building  412 MB of 725 MB  56 %");
  assert.equal(line(20), "building  56 %");
  assert.equal(line(10), "56 %");
  assert.equal(line(3), "");
  fc.assert(fc.property(fc.nat(120), fc.nat(10 ** 6), (columns, elapsedMs) => {
    const text = progressLine("verifying", MB, 3 * MB, elapsedMs, columns);
    assert.ok(text.length < Math.max(columns, 1));
  }));
});

/** A screen that remembers, with a clock that is set. */
function screen(columns: number | undefined) {
  const written: string[] = [];
  const state = { ms: 0, columns };
  const shown = {
    columns: () => state.columns,
    write: (text: string) => void written.push(text),
    nowMs: () => state.ms,
  };
  return { written, state, shown };
}

const LOUD = { quiet: false, json: false };

Deno.test("progress: where nothing can be redrawn, a plain line every ten seconds", () => {
  const { written, state, shown } = screen(undefined);
  {
    using progress = new Progress("building", LOUD, shown);
    for (state.ms = 0; state.ms <= 25_000; state.ms += 50) progress.update(state.ms, 30_000);
  }
  assert.deepEqual(written, [
    "building  10.0 kB of 30.0 kB  33 %  1.00 kB/s  20 s left\n",
    "building  20.0 kB of 30.0 kB  66 %  1.00 kB/s  10 s left\n",
  ]);
  for (const flags of [{ quiet: true, json: false }, { quiet: false, json: true }]) {
    const { written, state, shown } = screen(undefined);
    using progress = new Progress("building", flags, shown);
    state.ms = 60_000;
    progress.update(1, 2);
    assert.deepEqual(written, []);
  }
});

Deno.test("progress: a terminal that is made narrower gets shorter lines, and a clean one in the end", () => {
  const { written, state, shown } = screen(80);
  {
    using progress = new Progress("building", LOUD, shown);
    state.ms = 100;
    progress.update(1, 2);
    progress.update(2, 2);
    state.columns = 12;
    state.ms = 250;
    progress.update(2, 2);
  }
  assert.deepEqual(written, [
    "\r\x1b[Kbuilding  1 bytes of 2 bytes  50 %",
    "\r\x1b[K100 %",
    "\r\x1b[K",
  ]);
});

Deno.test("progress: what is waited for has a time, and no share", () => {
  const { written, state, shown } = screen(undefined);
  {
    using progress = new Progress("writing to the disk", LOUD, shown);
    for (state.ms = 0; state.ms <= 21_000; state.ms += 500) progress.wait();
  }
  assert.deepEqual(written, ["writing to the disk  10 s\n", "writing to the disk  20 s\n"]);
  const narrow = screen(12);
  using progress = new Progress("writing to the disk", LOUD, narrow.shown);
  narrow.state.ms = 1000;
  progress.wait();
  assert.deepEqual(narrow.written, ["\r\x1b[K"]);
});

/** A file in memory. */
const FILE = {
  name: "a file",
  sizeBytes: 2_500_000,
  read: (into: Uint8Array) => Promise.resolve(void into.fill(7)),
};

Deno.test("progress: a hash says how much of what is left is done, up to all of it", async () => {
  for (const readBytes of [0, 1_000_000]) {
    const hash = new WholeHash(FILE);
    hash.start();
    await hash.read(new Uint8Array(readBytes), 0);
    const seen: number[] = [];
    const whole = FILE.sizeBytes - readBytes;
    await hash.digest((doneBytes, totalBytes) => {
      assert.equal(totalBytes, whole);
      seen.push(doneBytes);
    });
    assert.ok(seen.length > 1);
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.equal(seen.at(-1), whole);
  }
});

Deno.test("progress: a source that is watched counts what is read, never more than all", async () => {
  const seen: (readonly [number, number])[] = [];
  const source = watched(FILE, (...shown) => void seen.push(shown));
  const buffer = new Uint8Array(1_000_000);
  for (const at of [0, 1_000_000, 0, 1_500_000]) await source.read(buffer, at);
  const counted = [1_000_000, 2_000_000, 2_500_000, 2_500_000];
  assert.deepEqual(seen, counted.map((bytes) => [bytes, FILE.sizeBytes]));
  assert.ok(buffer.every((byte) => byte === 7));
  assert.deepEqual([source.name, source.sizeBytes], [FILE.name, FILE.sizeBytes]);
});

Deno.test("progress: the result of the work is passed on, and its failure", async () => {
  const quiet = { quiet: true, json: false };
  assert.equal(await withProgress("x", quiet, () => Promise.resolve(7)), 7);
  const fails = () => Promise.reject(new RangeError("no"));
  await assert.rejects(withProgress("x", quiet, fails), /no/);
});
