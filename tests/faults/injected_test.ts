/**
 * System calls that fail where nothing real can make them: strace(1) answers in the kernel's place.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, type Outcome, rightTo, run, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const NEEDED = await rightTo("the right to trace", ["strace", "-qq", "-o", "/dev/null", "true"]);

/**
 * Runs our executable, with injections as strace's `-e inject=` takes them.
 *
 * @param only Options that choose among the calls, as `-P` with a path.
 */
async function injected(
  folder: Folder,
  injections: readonly string[],
  args: readonly string[],
  only: readonly string[] = [],
): Promise<Outcome> {
  const options = injections.flatMap((injection) => ["-e", `inject=${injection}`]);
  const calls = new Set(injections.map((injection) => injection.split(":")[0]));
  const trace = ["-f", "-qq", "-o", "/dev/null", "-e", `trace=${[...calls].join(",")}`];
  const command = [...trace, ...options, ...only, EXECUTABLE, ...args];
  return await run("strace", command, { cwd: folder.path });
}

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  return folder;
}

const BUILD = ["build", "in.iso", "-o", "out.img.gz", "--manifest", "m.json"];

testWith(NEEDED, "a read that fails, early and late", async () => {
  using folder = await withIso();
  for (const when of [1, 2, 3, 8, 20, 30]) {
    const injection = [`read:error=EIO:when=${when}`];
    const outcome = await injected(folder, injection, BUILD, ["-P", folder.file("in.iso")]);
    assertRefused(outcome, {
      names: "in.iso",
      says: /cannot read: the device reports an error/,
      advises: /^check the disk$/,
    });
    assert.deepEqual(folder.names(), ["in.iso"]);
  }
});

testWith(NEEDED, "a read-only ISO on a slow mount gives the same image", async () => {
  using folder = await withIso();
  await Deno.chmod(folder.file("in.iso"), 0o444);
  await mustEsxiImg(["build", "in.iso", "-o", "fast.img.gz"], { cwd: folder.path });
  const slow = ["read:delay_exit=5000", "lseek:delay_exit=5000"];
  const outcome = await injected(folder, slow, BUILD, ["-P", folder.file("in.iso")]);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(
    await Deno.readFile(folder.file("out.img.gz")),
    await Deno.readFile(folder.file("fast.img.gz")),
  );
});

testWith(NEEDED, "a file system without hard links and without locks", async () => {
  using folder = await withIso();
  const outcome = await injected(folder, ["linkat:error=EPERM", "flock:error=ENOLCK"], BUILD);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(folder.names(), ["in.iso", "m.json", "out.img.gz"]);
  await mustEsxiImg(["verify", "out.img.gz", "--iso", "in.iso"], { cwd: folder.path });
});

testWith(NEEDED, "an output that cannot get its name", async () => {
  using folder = await withIso();
  const failing: readonly (readonly [injections: string[], more: string[], says: RegExp])[] = [
    [["linkat:error=EPERM", "rename:error=EACCES"], [], /cannot write: permission denied/],
    [["rename:error=EIO"], ["--force"], /cannot write: the device reports an error/],
    [["rename:error=EXDEV"], ["--force"], /cannot write: /],
  ];
  for (const [injections, more, says] of failing) {
    const outcome = await injected(folder, injections, [...BUILD, ...more]);
    assertRefused(outcome, { names: "out.img.gz", says, advises: /^check the / });
    assert.deepEqual(folder.names(), ["in.iso"]);
  }
});

testWith(NEEDED, "--sync: data before names, and names before the program is done", async (t) => {
  using folder = await withIso();
  const log = folder.file("calls");
  /** What is made durable and what gets or loses a name, in this order. */
  const trace = async (args: readonly string[]) => {
    const calls = "trace=fsync,fdatasync,linkat,rename,renameat,renameat2,unlink";
    const strace = ["-f", "-y", "-qq", "-o", log, "-e", calls, "-e", "signal=none"];
    const { code, stderr } = await run("strace", [...strace, EXECUTABLE, ...args], {
      cwd: folder.path,
    });
    assert.equal(code, 0, stderr);
    const lines = (await Deno.readTextFile(log)).split("\n");
    await Deno.remove(log);
    return lines.flatMap((line) => {
      const [, call = "", what = ""] = /^\d+ +(\w+)\((.*)/.exec(line) ?? [];
      if (!call.includes("sync")) return call === "" ? [] : [call.replace(/at2?$/, "")];
      return [/esxi-img-partial/.test(what) ? "sync data" : "sync folder"];
    });
  };
  await t.step("with", async () => {
    const names = ["link", "unlink", "link", "unlink"];
    const expected = ["sync data", "sync data", ...names, "sync folder", "sync folder"];
    assert.deepEqual(await trace([...BUILD, "--sync"]), expected);
  });
  await t.step("with, replacing", async () => {
    // The links keep what is replaced until both have their names.
    const names = ["link", "rename", "link", "rename"];
    const calls = await trace([...BUILD, "--sync", "--force"]);
    assert.deepEqual(calls.slice(0, 6), ["sync data", "sync data", ...names]);
    assert.deepEqual(calls.slice(6).toSorted(), ["sync folder", "sync folder", "unlink", "unlink"]);
  });
  await t.step("without", async () => {
    const calls = await trace([...BUILD, "--force"]);
    assert.deepEqual(calls.filter((call) => /sync/.test(call)), []);
  });
});

testWith(NEEDED, "what cannot be made durable", async () => {
  using folder = await withIso();
  const sync = [...BUILD, "--sync"];
  const outcome = await injected(folder, ["fsync:error=EIO"], sync);
  assertRefused(outcome, {
    names: "out.img.gz",
    says: /cannot write: the device reports an error/,
    advises: /^check the disk$/,
  });
  assert.deepEqual(folder.names(), ["in.iso"]);
  // Only the folder: what is in it has another path.
  assertRefused(await injected(folder, ["fsync:error=EIO"], sync, ["-P", folder.path]), {
    names: "out.img.gz",
    says: /cannot make its name durable: the device reports an error/,
    advises: /^check the disk$/,
  });
  assert.deepEqual(folder.names(), ["in.iso", "m.json", "out.img.gz"]);
});

testWith(NEEDED, "no socket is opened and no program is started", async () => {
  using folder = await withIso();
  const log = folder.file("calls");
  const calls = "trace=socket,connect,bind,listen,accept,sendto,execve,fork,vfork,clone,clone3";
  const args = ["-f", "-qq", "-o", log, "-e", calls, EXECUTABLE, ...BUILD, "--verify"];
  const { code, stderr } = await run("strace", args, { cwd: folder.path });
  assert.equal(code, 0, stderr);
  const lines = (await Deno.readTextFile(log)).trim().split("\n");
  const found = lines.filter((line) => !/ (clone3?\(.*CLONE_THREAD|<\.\.\. clone)/.test(line));
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0]!, /execve\("[^"]*esxi-img"/);
});
