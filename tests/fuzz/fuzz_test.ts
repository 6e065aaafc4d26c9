/**
 * A short round of fuzzing, the same in every run; and that the fuzzer finds what it looks for.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BoundError, countedSource, withinMemory } from "./bounds.ts";
import { Coverage } from "./coverage.ts";
import { fuzz, type Target } from "./fuzzer.ts";
import { changeBytes } from "./mutators.ts";
import { SparseFile } from "./sparse_file.ts";
import { TARGETS } from "./targets.ts";
import { testWith } from "../support/programs.ts";

/** Together they take some seconds. */
const CASES: Readonly<Record<string, number>> = {
  iso: 500,
  plan: 60,
  image: 80,
  "boot-cfg": 500,
  "boot-cfg-loader": 500,
  payload: 300,
  arguments: 200,
  manifest: 300,
  metadata: 400,
  drive: 300,
  driver: 400,
};

for (const target of TARGETS) {
  const needed = ["metadata", "drive"].includes(target.name) ? ["python3"] : [];
  testWith(needed, `fuzz: ${target.name}, ${CASES[target.name]} cases`, async () => {
    try {
      const report = await fuzz(target, { seed: 20_240_923, maxCases: CASES[target.name] });
      if (report.defect !== undefined) throw report.defect.error;
      assert.equal(report.cases, CASES[target.name]);
      assert.ok(report.outcomes.size > 1, "whatever the input, the outcome is the same");
    } finally {
      await target.stop?.();
    }
  });
}

/** A target that breaks for some of its inputs. */
function brokenTarget(run: (bytes: Uint8Array) => Promise<void>): Target<Uint8Array> {
  return {
    name: "broken",
    seeds: () => Promise.resolve([new Uint8Array(16)]),
    mutate: (bytes, random) => changeBytes(bytes, random),
    async run(bytes) {
      await run(bytes);
      return undefined;
    },
    pack: (bytes) => bytes,
    unpack: (bytes) => bytes,
  };
}

Deno.test("the fuzzer finds an exception, and keeps the input", async () => {
  const target = brokenTarget((bytes) => {
    if (bytes[3] === 255) throw new TypeError("Cannot take 255");
    return Promise.resolve();
  });
  const { defect } = await fuzz(target, { seed: 1, maxCases: 100_000 });
  assert.ok(defect?.error instanceof TypeError);
  assert.equal(defect.input[3], 255);
  const again = await fuzz(target, { seed: 1, maxCases: 100_000 });
  assert.deepEqual(again.defect, defect);
});

Deno.test("the fuzzer finds memory out of proportion", async () => {
  const allocate = (bytes: number) =>
    withinMemory(100, () => Promise.resolve(new Uint8Array(bytes).length));
  assert.equal(await allocate(10_000_000), 10_000_000);
  await assert.rejects(allocate(100_000_000), BoundError);
  assert.equal(new Uint8Array(100_000_000).length, 100_000_000, "and ends with the case");
});

Deno.test("the fuzzer finds reads out of proportion", async () => {
  const whole = new Uint8Array(100_000);
  const file = SparseFile.of(whole);
  await assert.rejects(
    async () => await countedSource("x", file).read(new Uint8Array(100_001), 0),
    BoundError,
  );
  const readAgainAndAgain = async (bytes: Uint8Array) => {
    const source = countedSource("x", file);
    for (let i = 0; i < 100_000; i++) await source.read(bytes, 0);
  };
  await assert.rejects(readAgainAndAgain(whole), /read \d+ bytes of a file of 100000/);
  await assert.rejects(
    readAgainAndAgain(new Uint8Array(1)),
    /read a file of 100000 bytes \d+ times/,
  );
});

Deno.test("coverage grows when code runs for the first time, and not again", async () => {
  using coverage = await Coverage.start();
  const { prefixOf } = await import("./lib/coverage_probe.ts");
  await coverage.hasGrown();
  prefixOf("a");
  assert.equal(await coverage.hasGrown(), true);
  prefixOf("a");
  assert.equal(await coverage.hasGrown(), false);
  prefixOf("magic");
  assert.equal(await coverage.hasGrown(), true);
});

Deno.test("a sparse file is the file", () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i >= 1000 && i < 3000 ? 0 : i % 251);
  const file = SparseFile.of(bytes);
  assert.deepEqual(file.slice(0, bytes.length), bytes);
  assert.deepEqual(SparseFile.unpack(file.pack()).slice(0, bytes.length), bytes);
  const changed = file.clone();
  changed.write(Uint8Array.of(1, 2, 3), 1023);
  bytes.set([1, 2, 3], 1023);
  assert.deepEqual(changed.slice(0, bytes.length), bytes);
  assert.deepEqual(file.slice(1023, 3), new Uint8Array(3));
});
