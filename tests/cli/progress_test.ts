import fc from "fast-check";
import assert from "node:assert/strict";
import { progressLine } from "../../lib/cli/progress.ts";

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
