/**
 * Standard output, pipes and devices as outputs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg, mustRun, rightTo, run, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { start } from "../support/slow_build.ts";
import { onTerminal } from "../support/terminal.ts";
import { sha256, sha256OfFile } from "../support/trees.ts";

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  return folder;
}

/** Runs a line of bash in which `$0` is our executable. */
async function bash(line: string, cwd: string) {
  return await run("bash", ["-c", line, EXECUTABLE], { cwd });
}

for (const format of ["raw", "gz"]) {
  Deno.test(`${format} on standard output is what a file gets, and nothing else`, async () => {
    using folder = await withIso();
    const { path: cwd } = folder;
    const build = ["build", "in.iso", "-f", format, "-o"];
    await mustEsxiImg([...build, "file"], { cwd });
    const piped = await mustEsxiImg([...build, "-"], { cwd });
    assert.equal(sha256(piped.stdoutBytes), await sha256OfFile(folder.file("file")));
    assert.match(piped.stderr, /^standard output: ESXi 8\.0\.3/m);
    const quiet = await mustEsxiImg([...build, "-", "-q"], { cwd });
    assert.equal(quiet.stderr, "");
  });

  testWith(["mkfifo"], `${format} into a named pipe`, async () => {
    using folder = await withIso();
    const { path: cwd } = folder;
    const build = ["build", "in.iso", "-f", format, "-o"];
    await run("mkfifo", [folder.file("pipe")]);
    const reading = Deno.readFile(folder.file("pipe"));
    await mustEsxiImg([...build, "pipe"], { cwd });
    await mustEsxiImg([...build, "file"], { cwd });
    assert.equal(sha256(await reading), await sha256OfFile(folder.file("file")));
    assert.deepEqual(folder.names(), ["file", "in.iso", "pipe"]);
  });

  testWith(["bash", "head"], `a reader that leaves ends a ${format} build quietly`, async () => {
    using folder = await withIso();
    const line = `"$0" build in.iso -f ${format} -o - 2>err | head -c 10 | wc -c; ` +
      "echo ${PIPESTATUS[@]}";
    const { stdout, stderr } = await bash(line, folder.path);
    assert.deepEqual({ stdout, stderr }, { stdout: "10\n1 0 0\n", stderr: "" });
    assert.equal(await Deno.readTextFile(folder.file("err")), "");
    await run("mkfifo", [folder.file("pipe")]);
    const fifo = `head -c 10 pipe >/dev/null & "$0" build in.iso -f ${format} -o pipe; echo $?`;
    const outcome = await bash(fifo, folder.path);
    assert.deepEqual([outcome.stdout, outcome.stderr], ["1\n", ""]);
    assert.deepEqual(folder.names(), ["err", "in.iso", "pipe"]);
  });

  testWith(
    ["bash", "/dev/full"],
    `a disk that is full ends a ${format} build on standard output`,
    async () => {
      using folder = await withIso();
      const { path: cwd } = folder;
      const outcome = await bash(`"$0" build in.iso -f ${format} -o - > /dev/full`, cwd);
      assertRefused(outcome, FULL);
    },
  );
}

const FULL = {
  names: "standard output",
  says: /cannot write: the disk is full/,
  advises: /^free some space or choose another folder$/,
};

testWith(["bash", "/dev/full"], "results that cannot be written", async (t) => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await mustEsxiImg(["build", "in.iso", "-o", "out.img"], { cwd });
  const lines = [
    "inspect in.iso",
    "inspect --json out.img",
    "verify out.img --iso in.iso",
    "verify out.img --iso in.iso --json",
    "kickstart",
    "payload -o -",
    "build in.iso -o new.img --force --json",
    "build in.iso -o new.img --force -q --manifest -",
  ];
  for (const line of lines) {
    await t.step(line, async () => {
      assertRefused(await bash(`"$0" ${line} > /dev/full`, cwd), FULL);
      const closed = await bash(`"$0" ${line} | true; echo \${PIPESTATUS[0]}`, cwd);
      assert.match(closed.stdout, /^[01]\n$/); // 0 if all went into the pipe before it was closed
      assert.equal(closed.stderr, "");
    });
  }
});

testWith(
  ["bash", "head"],
  "a long result on a closed pipe ends quietly with status 1",
  async () => {
    using folder = new Folder();
    const files = Array.from({ length: 3000 }, (_, i) => ({
      path: `FILE${i}.TXT`,
      content: new Uint8Array(1),
    }));
    await writeSampleIso(folder.file("in.iso"), undefined, { moduleCount: 8, files });
    for (const line of ["inspect in.iso", "inspect --json in.iso"]) {
      const outcome = await bash(`"$0" ${line} | head -c 5; echo " $PIPESTATUS"`, folder.path);
      assert.match(outcome.stdout, / 1\n$/);
      assert.equal(outcome.stderr, "");
    }
  },
);

testWith(["script"], "no image and no payload goes to a terminal", async () => {
  using folder = await withIso();
  for (const args of [["build", "in.iso", "-o", "-"], ["payload", "-o", "-"]]) {
    const { code, stdout } = await onTerminal(args, "", { cwd: folder.path });
    assert.equal(
      stdout,
      "esxi-img: standard output: it is a terminal; " +
        "pass the name of a file, or pipe it into a program\r\n",
    );
    assert.equal(code, 1);
    assert.deepEqual(folder.names(), ["in.iso"]);
  }
  const { code, stdout } = await onTerminal(["kickstart"]);
  assert.equal(code, 0);
  assert.match(stdout, /vmaccepteula/);
});

/** Makes a device like /dev/full in a folder of its own, and opens it: some are mounted with nodev. */
const MAKES_DEVICES = 'd=$(mktemp -d) && { mknod "$d/full" c 1 7 && : > "$d/full"; }; ' +
  'code=$?; rm -r "$d"; exit "$code"';

testWith(
  await rightTo("the right to make devices", ["sh", "-c", MAKES_DEVICES]),
  "a device that is full",
  async () => {
    using folder = await withIso();
    const { path: cwd } = folder;
    await mustRun("mknod", ["full", "c", "1", "7"], { cwd });
    const outcome = await esxiImg(["build", "in.iso", "-f", "raw", "-o", "full"], { cwd });
    assertRefused(outcome, { ...FULL, names: "full" });
    assert.deepEqual(folder.names(), ["full", "in.iso"]);
  },
);

testWith(["mkfifo"], "a signal while nobody opens the pipe", async () => {
  using folder = await withIso();
  await run("mkfifo", [folder.file("pipe")]);
  await using running = start(["build", "in.iso", "-f", "raw", "-o", "pipe"], folder.path);
  await new Promise((resolve) => setTimeout(resolve, 300));
  running.signal("SIGINT");
  const { code, signal, stderr } = await running.outcome;
  // Before it listens for signals it has nothing to clean up, and the signal ends it.
  if (signal === null) assert.match(stderr, /^esxi-img: stopped by SIGINT; .*\n$/);
  assert.notEqual(code, 0);
  assert.deepEqual(folder.names(), ["in.iso", "pipe"]);
});

testWith(["mkfifo"], "a pipe is no ISO, no image and no module", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await run("mkfifo", [folder.file("pipe")]);
  const lines = [["build", "pipe"], ["inspect", "pipe"], ["verify", "pipe", "--iso", "in.iso"]];
  for (const args of lines) {
    assertRefused(await esxiImg(args, { cwd }), {
      names: "pipe",
      says: /cannot read: it is not a file/,
      advises: /^save it to a file first$/,
    });
  }
});
