/**
 * Builds that are killed at random moments, in every format: under the final names there are whole
 * files or those of before, and the next build of the same output leaves nothing else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FORMATS } from "../../lib/formats/formats.ts";
import { Random } from "../fuzz/random.ts";
import { Folder } from "./folder.ts";
import { mustEsxiImg } from "./programs.ts";
import { PARTIAL_NAME, start, writeSlowIso } from "./slow_build.ts";
import { sha256OfFile } from "./trees.ts";

/** A build of some 100 ms, half of it after the program has started. */
const MODULE_BYTES = 200_000;
/** How many killed builds a whole one has to clear up after. */
const KILLS_PER_BUILD = 4;
const OLD = "what was there before";

/** What the kills did. */
export interface KillCounts {
  rounds: number;
  /** Builds that were done before the signal came. */
  finished: number;
  /** Killed ones that left the new files under their names, the old ones, or none. */
  named: number;
  old: number;
  none: number;
  /** Partial files that were left, and cleared up by the next build. */
  partial: number;
}

/** One way to make an output. */
interface Way {
  readonly name: string;
  readonly args: readonly string[];
  readonly outputs: readonly string[];
}

/** Every format, built with its manifest and converted; with and without what is replaced. */
const WAYS: readonly Way[] = FORMATS.flatMap(({ name, medium }): Way[] => {
  const build = {
    name: `build ${name}`,
    args: ["build", "in.iso", "-f", name, "-o", "out", "--manifest", "m.json"],
    outputs: ["out", "m.json"],
  };
  const convert = {
    name: `convert ${name}`,
    args: ["convert", "in.img", "-f", name, "-o", "out"],
    outputs: ["out"],
  };
  return medium === "iso" ? [build] : [build, convert];
});

/**
 * Kills builds.
 *
 * @param onRound Called after each round.
 * @throws {AssertionError} if a name stands for anything but a whole file, or something is left.
 */
export async function killBuilds(
  rounds: number,
  seed: number,
  onRound: (counts: KillCounts) => void = () => {},
): Promise<KillCounts> {
  using folder = new Folder();
  const random = new Random(seed);
  writeSlowIso(folder.file("in.iso"), MODULE_BYTES);
  await mustEsxiImg(["build", "in.iso", "-o", "in.img", "-q"], { cwd: folder.path });
  const counts = { rounds: 0, finished: 0, named: 0, old: 0, none: 0, partial: 0 };
  const whole = new Map<string, readonly string[]>();
  while (counts.rounds < rounds) {
    const way = random.pick(WAYS);
    // Deterministic, so one whole build says what every one must be.
    const { durationMs, hashes } = await buildWhole(folder, way);
    assert.deepEqual(hashes, whole.get(way.name) ?? hashes, way.name);
    whole.set(way.name, hashes);
    for (let i = 0; i < KILLS_PER_BUILD && counts.rounds < rounds; i++) {
      const afterMs = random.below(Math.ceil(durationMs));
      await killOne(folder, way, afterMs, random.chance(1, 2), { hashes, counts });
      onRound(counts);
    }
  }
  await buildWhole(folder, WAYS[0]!);
  return counts;
}

/** A build over whatever the kills have left; it leaves only its outputs. */
async function buildWhole(folder: Folder, way: Way) {
  // What kills of other outputs have left is theirs to clear up; here all have the same names.
  const startMs = performance.now();
  const manifest = ["build", "in.iso", "-f", "raw", "-o", "out", "--manifest", "m.json", "--force"];
  if (way.outputs.length === 1) await mustEsxiImg(manifest, { cwd: folder.path });
  await mustEsxiImg([...way.args, "--force"], { cwd: folder.path });
  const durationMs = performance.now() - startMs;
  const names = ["in.img", "in.iso", "m.json", "out"];
  assert.deepEqual(folder.names(), names, `after ${way.name}`);
  const hashes = await Promise.all(way.outputs.map((name) => sha256OfFile(folder.file(name))));
  return { durationMs: way.outputs.length === 1 ? durationMs / 2 : durationMs, hashes };
}

async function killOne(
  folder: Folder,
  way: Way,
  afterMs: number,
  isReplacing: boolean,
  { hashes, counts }: { hashes: readonly string[]; counts: KillCounts },
): Promise<void> {
  for (const name of ["out", "m.json"]) {
    if (isReplacing && way.outputs.includes(name)) folder.write(name, OLD);
    else await Deno.remove(folder.file(name)).catch(() => {});
  }
  const partialBefore = folder.names().filter((name) => PARTIAL_NAME.test(name)).length;
  await using running = start([...way.args, ...isReplacing ? ["--force"] : []], folder.path);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  running.signal("SIGKILL");
  const { signal } = await running.outcome;
  counts.rounds++;
  if (signal === null) counts.finished++;
  let [named, old, none] = [0, 0, 0];
  const names = folder.names();
  for (const [i, name] of way.outputs.entries()) {
    if (!names.includes(name)) {
      none++;
      assert.ok(!isReplacing, `${way.name}: ${name} is gone`);
    } else if (await sha256OfFile(folder.file(name)) === hashes[i]) named++;
    else {
      const text = (await Deno.readTextFile(folder.file(name))).slice(0, 100);
      assert.deepEqual([isReplacing, text], [true, OLD], `${way.name}: ${name} is half-written`);
      old++;
    }
  }
  const partial = names.filter((name) => PARTIAL_NAME.test(name));
  const others = names.filter((name) => !partial.includes(name) && !way.outputs.includes(name));
  assert.deepEqual(others, ["in.img", "in.iso"], `left by ${way.name}`);
  counts.partial += partial.length - partialBefore;
  if (signal === null) assert.equal(named, way.outputs.length);
  else if (named > 0) counts.named++;
  else if (old > 0) counts.old++;
  else if (none > 0) counts.none++;
}
