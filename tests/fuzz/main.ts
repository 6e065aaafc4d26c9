/**
 * Fuzzes what takes input from others.
 *
 *     deno task fuzz --seconds 60 --seed 1 --target iso --target image
 *     deno task fuzz --target iso --replay dist/fuzz/iso-….bin
 *
 * An input that breaks something is kept in dist/fuzz, to be replayed and to become a test.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { Coverage } from "./coverage.ts";
import { fuzz, type Target } from "./fuzzer.ts";
import { TARGETS } from "./targets.ts";
import { sha256 } from "../support/trees.ts";

const FOLDER = `${import.meta.dirname}/../../dist/fuzz`;
const SHOWN_OUTCOMES = 12;
/** Who takes so long may take longer still: the input is kept, for somebody to look at. */
const SLOW_MS = 1000;
/** For all targets together, unless somebody says how many. */
const SECONDS = 60;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string" },
    seed: { type: "string", default: "1" },
    cases: { type: "string" },
    target: { type: "string", multiple: true },
    replay: { type: "string" },
  },
});

const chosen = values.target === undefined ? TARGETS : values.target.map((name) => {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new Error(`no target ${name}; there are ${TARGETS.map((t) => t.name).join(", ")}`);
});

if (values.replay !== undefined) {
  const [target] = chosen;
  await target!.run(target!.unpack(await Deno.readFile(values.replay)))
    .finally(() => target!.stop?.());
  console.log("accepted");
} else {
  let isSound = true;
  for (const target of chosen) isSound = await runTarget(target) && isSound;
  Deno.exit(isSound ? 0 : 1);
}

async function runTarget(target: Target): Promise<boolean> {
  using coverage = await Coverage.start();
  const startMs = performance.now();
  const report = await fuzz(target, {
    seed: Number(values.seed),
    maxCases: values.cases === undefined ? undefined : Number(values.cases),
    leastCases: values.seconds === undefined ? target.leastCases : undefined,
    deadlineMs: startMs + Number(values.seconds ?? SECONDS) * 1000 / chosen.length,
    coverage: target.isWatched === false ? undefined : coverage,
  });
  await target.stop?.();
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `${target.name}: seed ${values.seed}, ${report.cases} cases in ${seconds.toFixed(0)} s, ` +
      `${report.corpus} inputs kept, the slowest took ${report.slowestMs.toFixed(0)} ms`,
  );
  const outcomes = [...report.outcomes].toSorted(([, a], [, b]) => b - a);
  for (const [outcome, count] of outcomes.slice(0, SHOWN_OUTCOMES)) {
    console.log(`${String(count).padStart(10)}  ${outcome}`);
  }
  if (outcomes.length > SHOWN_OUTCOMES) {
    console.log(`${" ".repeat(12)}and ${outcomes.length - SHOWN_OUTCOMES} more`);
  }
  if (report.slowestMs > SLOW_MS) console.log(`the slowest: ${await keep(target, report.slowest)}`);
  if (report.defect === undefined) return true;
  const { input, number, error } = report.defect;
  console.log(`DEFECT in case ${number}: ${await keep(target, input)}`);
  console.log(error);
  return false;
}

/** Keeps an input that is worth a look. */
async function keep(target: Target, input: unknown): Promise<string> {
  const bytes = target.pack(input);
  const path = `${FOLDER}/${target.name}-${sha256(bytes).slice(0, 12)}.bin`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeFile(path, bytes);
  return path;
}
