/**
 * The meter, the order of the runs, and the route that we are compared with.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Program } from "./programs.ts";
import { Runner } from "./runner.ts";
import { Folder } from "../support/folder.ts";
import { writeInstallerIso } from "../support/installer_iso.ts";
import { mustRun, run, testWith } from "../support/programs.ts";
import { SMALL } from "../support/sample_isos.ts";

const here = (name: string) => `${import.meta.dirname}/${name}`;
const PYTHON = "/usr/bin/python3";

async function meter(stdoutPath: string, ...command: string[]) {
  const { stdout } = await mustRun(PYTHON, [here("measure.py"), stdoutPath, ...command]);
  return JSON.parse(stdout);
}

testWith([PYTHON], "the meter sees a child's memory, CPU time and output", async () => {
  using folder = new Folder();
  const script = "import time\nbytearray(200_000_000)\n" +
    "while time.process_time() < 0.2: pass\nprint('done')";
  const measured = await meter(folder.file("out"), PYTHON, "-c", script);
  assert.ok(measured.peakBytes > 200e6 && measured.peakBytes < 300e6, `${measured.peakBytes}`);
  const cpuSeconds = measured.userSeconds + measured.systemSeconds;
  assert.ok(cpuSeconds > 0.19, `${cpuSeconds}`); // the child goes on until it has used that much
  assert.equal(await Deno.readTextFile(folder.file("out")), "done\n");
});

testWith([PYTHON, "/bin/sh"], "the meter fails when the program fails", async () => {
  const { code, stderr } = await run(PYTHON, [
    here("measure.py"),
    "/dev/null",
    "/bin/sh",
    "-c",
    "echo why >&2; exit 3",
  ]);
  assert.equal(code, 1);
  assert.equal(stderr, "why\n");
});

/** Notes that it ran, and fails if something of an earlier run is there. */
function probe(name: string, log: string): Program {
  const script =
    'test ! -e "$1" && test ! -e "$2" && mkdir "$2" && cat "$3" > "$1" && echo $5 >> $4';
  return {
    name,
    title: name,
    isOurs: false,
    space: 1,
    command: ({ output, scratch, iso }) => [
      "/bin/sh",
      "-c",
      script,
      "probe",
      output,
      scratch,
      iso,
      log,
      name,
    ],
  };
}

testWith(
  [PYTHON, "/bin/sh"],
  "programs run in turn, each without a trace of the last",
  async () => {
    using folder = new Folder();
    using work = new Folder();
    const log = folder.file("log");
    const runner = new Runner({
      folder: work.path,
      programs: ["a", "b", "other"].map((name) => probe(name, log)),
      rounds: 3,
      signal: new AbortController().signal,
      log: () => {},
    });
    const result = await runner.run({
      name: "small",
      title: "Small",
      iso: SMALL,
      programs: ["a", "b", "unknown"],
      reference: "a",
    });
    assert.equal((await Deno.readTextFile(log)).replaceAll("\n", ""), "ababab");
    assert.deepEqual(result.programs.map(({ name, rounds }) => [name, rounds.length]), [
      ["a", 3],
      ["b", 3],
    ]);
    for (const { rounds } of result.programs) {
      assert.ok(rounds.every(({ outputBytes }) => outputBytes === result.isoBytes));
    }
  },
);

testWith([PYTHON, "/bin/sh"], "an interruption ends the program that runs", async () => {
  using work = new Folder();
  const interruption = new AbortController();
  const pidFile = work.file("pid");
  const sleeper: Program = {
    ...probe("sleeper", ""),
    command: () => ["/bin/sh", "-c", `echo $$ > ${pidFile}; sleep 600 & wait`],
  };
  const runner = new Runner({
    folder: work.path,
    programs: [sleeper],
    rounds: 1,
    signal: interruption.signal,
    log: () => {},
  });
  const workload = { name: "", title: "", iso: SMALL, programs: ["sleeper"], reference: null };
  const running = runner.run(workload);
  let pid = "";
  while (pid === "") {
    await new Promise((resolve) => setTimeout(resolve, 20));
    pid = (await Deno.readTextFile(pidFile).catch(() => "")).trim();
  }
  interruption.abort(new Error("interrupted"));
  await assert.rejects(running, /^Error: interrupted$/);
  await assert.rejects(Deno.stat(`/proc/${pid}`), Deno.errors.NotFound);
});

testWith(
  [PYTHON, "/usr/share/doc/python3-pycdlib/copyright", "mkfs.vfat", "mcopy", "sfdisk", "fsck.fat"],
  "the route of pycdlib, mkfs.vfat and mcopy makes a sound image with all files",
  async () => {
    using folder = new Folder();
    const [iso, image, files] = folder.files("iso", "image", "files");
    writeInstallerIso(iso, SMALL);
    await mustRun(PYTHON, [here("python_route.py"), iso, folder.file("scratch"), image, "raw"]);
    const partition = folder.file("partition");
    await mustRun("dd", [`if=${image}`, `of=${partition}`, "bs=1M", "skip=1"]);
    await mustRun("fsck.fat", ["-n", partition]);
    await Deno.mkdir(files);
    await mustRun("mcopy", ["-s", "-i", partition, "::/", files]);
    await mustRun("diff", ["-r", `${folder.file("scratch")}/files`, files]);
    assert.match((await mustRun("sfdisk", ["--verify", image])).stdout, /No errors detected/);
  },
);
