/**
 * Says which code the tests do not run.
 *
 *     deno task coverage                  # all tests: what the whole suite leaves out
 *     deno task coverage tests/formats    # some tests, and what they leave out in what they load
 *
 * For each module: the share of its lines that ran, then the lines that did not, and those whose
 * condition only ever went one way. What the tests run as the compiled executable, V8 does not count:
 * most of `lib/cli` and a part of `lib/host`.
 *
 * @module
 */

import { run } from "./support/programs.ts";

const ROOT = new URL("..", import.meta.url);
const PROFILE = "dist/coverage";

/** What is known of a module. */
interface Module {
  readonly path: string;
  readonly lines: number;
  /** Numbers of lines, in order. */
  readonly missed: readonly number[];
  readonly oneWay: readonly number[];
}

/** Reads LCOV: `SF` a file, `DA` line and count, `BRDA` line, block, branch and count. */
function parseLcov(text: string): Module[] {
  return text.split("end_of_record\n").filter((record) => record.includes("SF:")).map((record) => {
    const rows = (key: string) =>
      [...record.matchAll(new RegExp(`^${key}:(.*)$`, "gm"))].map(([, row]) => row!.split(","));
    const counts = rows("DA").map(([line, count]) => [Number(line), count] as const);
    const missed = counts.filter(([, count]) => count === "0").map(([line]) => line);
    const branches = rows("BRDA").filter((row) => row[3] === "0" || row[3] === "-")
      .map(([line]) => Number(line));
    const oneWay = [...new Set(branches)].filter((line) => !missed.includes(line));
    const path = rows("SF")[0]![0]!.slice(decodeURIComponent(ROOT.pathname).length);
    return { path, lines: counts.length, missed, oneWay: oneWay.toSorted((a, b) => a - b) };
  });
}

/** Numbers as in `3–5, 9`. */
function ranges(numbers: readonly number[]): string {
  const found: [first: number, last: number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => first === last ? `${first}` : `${first}–${last}`).join(", ");
}

await Deno.remove(new URL(PROFILE, ROOT), { recursive: true }).catch(() => {});
const { code: failed } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--no-check", "--quiet", `--coverage=${PROFILE}`, ...Deno.args],
  cwd: ROOT,
  stdout: "null",
}).output();
const { stdout, stderr } = await run(
  Deno.execPath(),
  ["coverage", "--lcov", PROFILE, "--include=/(lib|wasm)/", "--exclude=/tests/"],
  { cwd: decodeURIComponent(ROOT.pathname) },
);
if (stdout === "") throw new Error(stderr);
const modules = parseLcov(stdout).filter(({ path }) => /^(lib|wasm)\//.test(path));
for (const { path, lines, missed, oneWay } of modules) {
  const share = Math.floor((lines - missed.length) / lines * 100);
  console.log(`${String(share).padStart(3)} %  ${path}`);
  if (missed.length > 0) console.log(`       not run: ${ranges(missed)}`);
  if (oneWay.length > 0) console.log(`       one way: ${ranges(oneWay)}`);
}
const lines = modules.reduce((sum, module) => sum + module.lines, 0);
const missed = modules.reduce((sum, module) => sum + module.missed.length, 0);
console.log(`${modules.length} modules, ${missed} of ${lines} lines not run`);
if (failed !== 0) console.error("some tests failed: run them by themselves to see why");
Deno.exit(failed);
