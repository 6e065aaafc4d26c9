/**
 * Compares esxi-img with the programs that do the same, in the same run: `deno task bench`.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { parseArgs } from "node:util";
import { busyWarning, renderText, writeDocuments } from "./bench/document.ts";
import { BUSY_LOAD, describeMachine } from "./bench/machine.ts";
import { allPrograms, formatsOfOurs, nameOfKind, type Program } from "./bench/programs.ts";
import type { Results, WorkloadResult } from "./bench/results.ts";
import { Runner } from "./bench/runner.ts";
import {
  includes,
  neededBytes,
  QUICK_WORKLOADS,
  type Workload,
  WORKLOADS,
} from "./bench/workloads.ts";

const USAGE = `usage: deno task bench [options]
  --quick          a smoke run: 100 MB, 2 rounds
  --rounds N       how often each program runs (default: 5)
  --only NAME      one input, may be repeated: ${WORKLOADS.map(({ name }) => name).join(" ")}
  --program NAME   one program besides the reference, may be repeated
  --before EXE     beside each format, the same by our executable of another day
  --folder DIR     where the large files go for a while (default: TMPDIR, else /tmp)
  --json FILE      write all numbers to a file
  --write-docs     write docs/benchmarks.md, .svg and .json
  --date DAY       the date in the results, YYYY-MM-DD (default: today)
  --from FILE      measure nothing, take the numbers of an earlier run`;
const FOLDER_PREFIX = "esxi-img-bench-";

const log = (line: string) => console.error(line);

function readOptions() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        help: { type: "boolean", short: "h", default: false },
        quick: { type: "boolean", default: false },
        rounds: { type: "string" },
        only: { type: "string", multiple: true },
        program: { type: "string", multiple: true },
        before: { type: "string" },
        folder: { type: "string", default: Deno.env.get("TMPDIR") ?? "/tmp" },
        json: { type: "string" },
        "write-docs": { type: "boolean", default: false },
        date: { type: "string", default: new Date().toISOString().slice(0, 10) },
        from: { type: "string" },
      },
    }).values;
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error));
  }
}

function stop(message: string): never {
  console.error(`${message}\n${USAGE}`);
  Deno.exit(2);
}

/** The workloads that were asked for, but for those that none of the programs takes. */
function chooseWorkloads(
  { quick, only, program: wanted }: ReturnType<typeof readOptions>,
): readonly Workload[] {
  const all = quick ? QUICK_WORKLOADS : WORKLOADS;
  const unknown = only?.find((name) => all.every((workload) => workload.name !== name));
  if (unknown !== undefined) stop(`there is no input ${unknown} in this run`);
  return all.filter((workload) =>
    (only?.includes(workload.name) ?? true) &&
    (wanted?.some((program) => includes(workload, program)) ?? true)
  );
}

/** The programs that were asked for, and those that the workloads compare with. */
function choosePrograms(
  all: readonly Program[],
  wanted: readonly string[] | undefined,
  workloads: readonly Workload[],
): Program[] {
  const unknown = wanted?.find((name) => all.every((program) => program.name !== name));
  if (unknown !== undefined) {
    stop(`there is no program ${unknown}; there are ${all.map(({ name }) => name).join(" ")}`);
  }
  const references = workloads.map(({ reference }) => reference);
  return all.filter(({ name }) =>
    wanted === undefined || wanted.includes(nameOfKind(name)) || wanted.includes(name) ||
    references.includes(name)
  );
}

function checkSpace(folder: string, workloads: readonly Workload[], programs: readonly Program[]) {
  const needed = Math.max(...workloads.map((workload) => neededBytes(workload, programs)));
  const { bavail, bsize } = statfsSync(folder);
  const free = Number(bavail) * Number(bsize);
  if (free >= needed) return;
  const [has, needs] = [free, needed].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
  throw new Error(`${folder} has ${has} free, ${needs} are needed; pass --folder`);
}

/** Removes what a killed bench left behind. */
function removeAbandoned(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    const pid = name.startsWith(FOLDER_PREFIX) && /^\d+/.exec(name.slice(FOLDER_PREFIX.length));
    if (!pid) continue;
    try {
      Deno.statSync(`/proc/${pid[0]}`);
    } catch {
      Deno.removeSync(`${folder}/${name}`, { recursive: true });
    }
  }
}

async function measure(options: ReturnType<typeof readOptions>): Promise<Results> {
  const rounds = Number(options.rounds ?? (options.quick ? 2 : 5));
  if (!Number.isSafeInteger(rounds) || rounds < 1) stop("--rounds takes a number from 1 on");
  const workloads = chooseWorkloads(options);
  const before = options.before === undefined
    ? undefined
    : { executable: options.before, formats: await formatsOfOurs(options.before) };
  const all = allPrograms(await formatsOfOurs(), before);
  const programs = choosePrograms(all, options.program, workloads);
  removeAbandoned(options.folder);
  checkSpace(options.folder, workloads, programs);
  const machine = await describeMachine(options.folder);
  if (machine.load > BUSY_LOAD) log(busyWarning(machine));

  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new Error("interrupted"));
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  const prefix = `${FOLDER_PREFIX}${Deno.pid}-`;
  const folder = await Deno.makeTempDir({ dir: options.folder, prefix });
  try {
    const { signal } = interruption;
    const runner = new Runner({ folder, programs, rounds, signal, log });
    const results: WorkloadResult[] = [];
    for (const workload of workloads) results.push(await runner.run(workload));
    return { date: options.date, isQuick: options.quick, machine, workloads: results };
  } finally {
    await Deno.remove(folder, { recursive: true });
    Deno.removeSignalListener("SIGINT", interrupt);
    Deno.removeSignalListener("SIGTERM", interrupt);
  }
}

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  Deno.exit(0);
}
try {
  const results: Results = options.from === undefined
    ? await measure(options)
    : JSON.parse(await Deno.readTextFile(options.from));
  console.log(renderText(results));
  if (options.json !== undefined) {
    await Deno.writeTextFile(options.json, JSON.stringify(results, null, 2) + "\n");
  }
  if (options["write-docs"]) await writeDocuments(results);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
