/**
 * The same inputs give the same bytes: wherever, whenever and by whomever they are built.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, run, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { writeSlowIso } from "../support/slow_build.ts";
import { sha256OfFile } from "../support/trees.ts";
import { reachableExecutable, unprivileged } from "../support/users.ts";

const MAIN = `${import.meta.dirname}/../../main.ts`;
/** The oldest version that is supported. It is there where it has compiled the executable. */
const OLDEST_DENO = "deno@2.6.8";
const OLDEST = ["npx", "--yes", "--offline", OLDEST_DENO];
const HAS_OLDEST = await run(OLDEST[0]!, [...OLDEST.slice(1), "--version"])
  .then(({ code }) => code === 0, () => false);
const OUTPUTS = ["out.img", "out.img.gz", "m.json", "esxiimg.tgz", "ks.cfg"];

/** What builds there are: what differs, and how a command is run then. */
interface Surroundings {
  readonly title: string;
  readonly needed?: readonly string[];
  readonly wrap?: (command: string[]) => string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly umask?: number;
  /** How the program is started, if not as the executable. */
  readonly program?: readonly string[];
  /** Whether so much is to be deflated that threads share the work. */
  readonly isLarge?: boolean;
}

const SURROUNDINGS: readonly Surroundings[] = [
  { title: "another folder" },
  {
    title: "another time zone, locale, home and user name",
    env: { TZ: "Asia/Kolkata", LC_ALL: "tr_TR.UTF-8", LANG: "de_DE", HOME: "/none", USER: "ada" },
  },
  { title: "another umask", umask: 0o077 },
  { title: "another day", needed: ["faketime"], wrap: (c) => ["faketime", "2031-02-28", ...c] },
  { title: "another user", needed: ["setpriv"], wrap: unprivileged },
  {
    title: "one processor",
    needed: ["taskset"],
    wrap: (c) => ["taskset", "-c", "0", ...c],
    isLarge: true,
  },
  { title: "deno run", program: [Deno.execPath(), "run", "-A", MAIN] },
  {
    title: `${OLDEST_DENO} run`,
    needed: HAS_OLDEST ? [] : [OLDEST_DENO],
    program: [...OLDEST, "run", "-A", MAIN],
    isLarge: true,
  },
];

/** Builds all kinds of outputs, and returns their hashes. */
async function buildAll(surroundings: Surroundings): Promise<Record<string, string>> {
  using folder = new Folder();
  const { path: cwd } = folder;
  await Deno.chmod(cwd, 0o777);
  if (surroundings.isLarge) writeSlowIso(folder.file("in.iso"));
  else await writeSampleIso(folder.file("in.iso"));
  folder.write("pw", "VMware1!\n");
  folder.write(
    "id.pub",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMwCHH0TBaOfJSd4sdQ5gwsm7j/UwAXxaJnI06ctNuO me\n",
  );
  const options = ["--root-password-file", "pw", "--ssh-key", "id.pub"];
  const { wrap = (command: string[]) => command, env, umask } = surroundings;
  const program = surroundings.program ?? [await reachableExecutable(folder)];
  const before = umask === undefined ? undefined : Deno.umask(umask);
  try {
    for (
      const args of [
        ["build", "in.iso", "-o", "out.img", ...options],
        ["build", "in.iso", "-o", "out.img.gz", "--manifest", "m.json", ...options],
        ["payload", ...options],
        ["kickstart", "-o", "ks.cfg", ...options],
      ]
    ) {
      const [command, ...rest] = wrap([...program, ...args]);
      await mustRun(command!, rest, { cwd, env });
    }
  } finally {
    if (before !== undefined) Deno.umask(before);
  }
  const hashes: Record<string, string> = {};
  for (const name of OUTPUTS) hashes[name] = await sha256OfFile(folder.file(name));
  return hashes;
}

const expected = new Map<boolean, Record<string, string>>();

for (const surroundings of SURROUNDINGS) {
  const { title, needed = [] } = surroundings;
  testWith(needed, `the same bytes: ${title}`, async () => {
    const { isLarge = false } = surroundings;
    if (!expected.has(isLarge)) expected.set(isLarge, await buildAll({ title: "here", isLarge }));
    assert.deepEqual(await buildAll(surroundings), expected.get(isLarge));
  });
}

Deno.test("other inputs give other bytes, and SOURCE_DATE_EPOCH is one", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  folder.write("pw", "VMware1!\n");
  folder.write("pw2", "VMware2!\n");
  const hashOf = async (args: string[], env?: Record<string, string>) => {
    const build = ["build", "in.iso", "--force", "-o", "out.img", ...args];
    await mustRun(EXECUTABLE, build, { cwd, env });
    return await sha256OfFile(folder.file("out.img"));
  };
  const all = [
    await hashOf([]),
    await hashOf([], { SOURCE_DATE_EPOCH: "1700000000" }),
    await hashOf([], { SOURCE_DATE_EPOCH: "1700000002" }),
    await hashOf(["--root-password-file", "pw"]),
    await hashOf(["--root-password-file", "pw2"]),
    await hashOf(["--seed", "one"]),
    await hashOf(["--seed", "two"]),
    await hashOf(["--label", "OTHER"]),
    await hashOf(["--free", "65M"]),
    await hashOf(["--kernelopt", "debug"]),
  ];
  assert.equal(new Set(all).size, all.length);
  assert.equal(await hashOf([], { SOURCE_DATE_EPOCH: "" }), all[0]);
  assert.equal(await hashOf([], { SOURCE_DATE_EPOCH: "1700000000" }), all[1]);
});
