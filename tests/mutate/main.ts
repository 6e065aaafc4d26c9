/**
 * Changes format code a little and looks whether the tests beside it notice.
 *
 *     deno task mutate --seconds 600 --seed 1
 *     deno task mutate --only lib/formats/vhd/format.ts
 *
 * What survives is printed, and the exit status is 1. A survivor wants a test, or it changes nothing
 * that anybody could see: then it goes into `beside.ts`, with the reason.
 *
 * @module
 */

import { transform } from "esbuild";
import { parseArgs } from "node:util";
import { Random } from "../fuzz/random.ts";
import { ACCEPTED, covers, isAccepted, roundsFor } from "./beside.ts";
import { applyChange, type Change, changesOf, describeChange } from "./changes.ts";
import { type Verdict, Workbench } from "./workbench.ts";
import { readModules } from "../support/imports.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    only: { type: "string", multiple: true },
  },
});

/** A change of a module, and the tests that should notice it. */
interface Case {
  readonly path: string;
  readonly text: string;
  readonly change: Change;
  readonly rounds: readonly (readonly string[])[];
}

const deadlineMs = performance.now() + Number(values.seconds) * 1000;
const cases = shuffle(await collectCases(), new Random(Number(values.seed)));
if (cases.length === 0) {
  console.error(
    "there is nothing to change; --only takes the beginning of a path, as in lib/disk/",
  );
  Deno.exit(2);
}
const workbench = await Workbench.make();
const counts: Record<Verdict, number> = { noticed: 0, "timed out": 0, survived: 0 };
let done = 0;
for (const { path, text, change, rounds } of cases) {
  if (performance.now() > deadlineMs) break;
  for (const tests of rounds) await workbench.check(tests);
  const verdict = await workbench.judge(path, applyChange(text, change), rounds);
  counts[verdict]++;
  done++;
  if (verdict === "survived") console.log(`${path}:${describeChange(text, change)}`);
}
console.log(
  `seed ${values.seed}: ${done} of ${cases.length} changes made, ${counts.noticed} noticed, ` +
    `${counts["timed out"]} ran endlessly, ${counts.survived} survived`,
);
Deno.exit(counts.survived === 0 ? 0 : 1);

async function collectCases(): Promise<Case[]> {
  const cases: Case[] = [];
  const modules = readModules();
  for (const accepted of ACCEPTED) {
    const text = modules.find(({ path }) => path === accepted.path)?.text ?? "";
    const isThere = changesOf(text).some((change) => covers(accepted, accepted.path, text, change));
    if (!isThere) console.error(`accepted, but not there: ${accepted.path}: ${accepted.line}`);
  }
  for (const { path, text } of modules) {
    const rounds = roundsFor(path);
    const isWanted = values.only?.some((beginning) => path.startsWith(beginning)) ?? true;
    if (rounds === undefined || !isWanted) continue;
    const compiled = await compile(text);
    for (const change of changesOf(text)) {
      if (isAccepted(path, text, change)) continue;
      // What changes types alone, or a constant nobody uses, changes nothing; some cannot be read.
      const changed = await compile(applyChange(text, change)).catch(() => compiled);
      if (changed === compiled) continue;
      cases.push({ path, text, change, rounds });
    }
  }
  return cases;
}

async function compile(text: string): Promise<string> {
  const { code } = await transform(text, { loader: "ts", minifySyntax: true });
  return code;
}

function shuffle<T>(values: readonly T[], random: Random): T[] {
  const shuffled = [...values];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
