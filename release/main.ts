/**
 * Makes a release in `dist/release`, or joins those that several machines have made:
 *
 *     deno task release [--target linux-x64]… [--runtime linux-x64=FILE]…
 *     deno task release --join FOLDER… --out dist/release
 *
 * Without `--target` everything is made that can be made here; what is missing is named, and an
 * error with `--strict`. `--no-common` leaves out what is the same for all targets. The same
 * sources give the same bytes: times are `SOURCE_DATE_EPOCH`, else the commit's. The Debian package
 * is the commit's author's, unless `--maintainer "NAME <ADDRESS>"` says otherwise.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ROOT } from "./bundle.ts";
import { makeRelease } from "./make.ts";
import { joinReleases } from "./output.ts";
import { runProgram } from "./run.ts";
import { TARGETS } from "./targets.ts";

const { values, positionals } = parseArgs({
  args: [...Deno.args],
  allowPositionals: true,
  options: {
    target: { type: "string", multiple: true },
    runtime: { type: "string", multiple: true },
    out: { type: "string", default: `${ROOT}dist/release` },
    repository: { type: "string" },
    maintainer: {
      type: "string",
      default: "The authors of esxi-img <esxi-img@packages.debian.org>",
    },
    join: { type: "boolean" },
    "no-common": { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
  },
});

/** Who has made the Debian package, where neither an option nor a commit says it. */
const NOBODY = "The authors of esxi-img <esxi-img@localhost>";

/** What git knows, where there is git. */
async function git(...args: string[]): Promise<string | undefined> {
  return await runProgram("git", args, { cwd: ROOT }).then((said) => said.trim(), () => undefined);
}

async function timeOfRelease(): Promise<number> {
  const text = Deno.env.get("SOURCE_DATE_EPOCH") ?? await git("log", "-1", "--format=%ct");
  if (text === undefined || !/^\d+$/.test(text)) {
    throw new RangeError("set SOURCE_DATE_EPOCH: there is no commit that tells a time");
  }
  return Number(text);
}

function targets() {
  const names = values.target ?? TARGETS.map(({ name }) => name);
  return names.map((name) => {
    const target = TARGETS.find((candidate) => candidate.name === name);
    if (target !== undefined) return target;
    throw new RangeError(
      `there is no target ${name}; use ${TARGETS.map((t) => t.name).join(", ")}`,
    );
  });
}

await Deno.remove(values.out, { recursive: true }).catch(() => {});
await Deno.mkdir(values.out, { recursive: true });
if (values.join) {
  await joinReleases(positionals, values.out);
} else {
  const runtimes = (values.runtime ?? []).map((text) => text.split(/=(.*)/, 2) as [string, string]);
  const { missing } = await makeRelease({
    targets: targets(),
    folder: values.out,
    isCommonLeftOut: values["no-common"],
    runtimes: new Map(runtimes),
    executables: new Map(),
    timeSeconds: await timeOfRelease(),
    commit: await git("rev-parse", "HEAD"),
    repository: values.repository,
    maintainer: values.maintainer ?? await git("log", "-1", "--format=%an <%ae>") ?? NOBODY,
    say: (what) => console.error(`making ${what}`),
  });
  for (const { kind, target, reason } of missing) {
    console.error(`missing ${kind} for ${target}: ${reason}`);
  }
  if (values.strict && missing.length > 0) Deno.exit(1);
}
console.error(`${values.out} holds the release; SHA256SUMS lists it`);
