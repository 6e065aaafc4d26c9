/**
 * What a path to write to stands for: standard output by other names, devices, open files, pipes,
 * and what none of these is.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { fromSource } from "../support/from_source.ts";
import { esxiImg, mustEsxiImg, run, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { writeSlowIso } from "../support/slow_build.ts";
import { sha256, sha256OfFile } from "../support/trees.ts";

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  return folder;
}

/** Runs a line of bash in which `"$@"` is our program: the executable, or allowed everything. */
async function bash(line: string, cwd: string, isAllowedAll = false) {
  const program = isAllowedAll ? fromSource([]) : [EXECUTABLE];
  return await run("bash", ["-c", line, "bash", ...program], { cwd });
}

Deno.test("standard output by its other names", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await Deno.symlink("/dev/stdout", folder.file("link"));
  await mustEsxiImg(["build", "in.iso", "-o", "file", "-f", "gz"], { cwd });
  const expected = await sha256OfFile(folder.file("file"));
  for (
    const name of ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/../dev/stdout", "link"]
  ) {
    const { stdoutBytes, stderr } = await mustEsxiImg(["build", "in.iso", "-o", name], { cwd });
    assert.equal(sha256(stdoutBytes), expected, name);
    assert.match(stderr, /^standard output: ESXi/m);
  }
  const both = ["build", "in.iso", "-o", "-", "--manifest", "/dev/stdout"];
  assert.equal((await esxiImg(both, { cwd })).code, 2);
  assert.deepEqual(folder.names(), ["file", "in.iso", "link"]);
});

testWith(["bash"], "an image on a standard output that is closed is a failure", async () => {
  using folder = await withIso();
  for (const isAllowedAll of [false, true]) {
    for (const args of ["build in.iso -o -", "build in.iso -o /dev/stdout", "payload -o -"]) {
      assertRefused(await bash(`"$@" ${args} >&-`, folder.path, isAllowedAll), {
        names: "standard output",
        says: /it is closed, or the null device/,
        advises: /^redirect it, or pass the name of a file$/,
      });
    }
    const line = `"$@" build in.iso -q -o - > /dev/null && "$@" build in.iso -q -o /dev/null`;
    const { code, stderr } = await bash(line, folder.path, isAllowedAll);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  }
});

testWith(["bash", "/dev/full"], "help and reports on a standard output that is full", async (t) => {
  const lines = ["--help", "--version", "--version --json", "build --help", "kickstart"];
  for (const line of lines) {
    await t.step(line, async () => {
      assertRefused(await bash(`"$@" ${line} > /dev/full`, "/"), {
        names: "standard output",
        says: /cannot write: the disk is full/,
        advises: /^free some space or choose another folder$/,
      });
      const closed = await bash(`"$@" ${line} | true; echo \${PIPESTATUS[0]}`, "/");
      assert.equal(closed.stderr, "");
      assert.match(closed.stdout, /^[01]\n$/);
    });
  }
});

testWith(
  ["mkfifo"],
  "what is no file is never replaced, and none is made among devices",
  async (t) => {
    using folder = await withIso();
    const { path: cwd } = folder;
    await Deno.mkdir(folder.file("folder"));
    await Deno.symlink("folder", folder.file("link"));
    await Deno.symlink("/dev/zero", folder.file("zero"));
    using _socket = Deno.listen({ transport: "unix", path: folder.file("socket") });
    const before = folder.names();
    const cases: readonly (readonly [output: string, says: RegExp, advises: RegExp])[] = [
      ["folder", /it is a folder/, /^pass the name of a file in it$/],
      ["link", /it is a folder/, /^pass the name of a file in it$/],
      ["zero", /it is a device that keeps no image/, /^pass the name of a file, or a disk$/],
      ["/dev/zero", /it is a device that keeps no image/, /^pass the name of a file, or a disk$/],
      ["/dev/tty", /it is a device that keeps no image/, /^pass the name of a file, or a disk$/],
      ["socket", /it is no file/, /^pass the name of a file, or a disk$/],
      ["/dev/sdzz", /no file is made among devices/, /^pass a device that is there/],
      ["/dev/pts/x.img", /no file is made among devices/, /^pass a device that is there/],
      ["/dev/fd/77", /no file of that number is open/, /^open one/],
    ];
    for (const [output, says, advises] of cases) {
      await t.step(output, async () => {
        for (const isAllowedAll of [false, true]) {
          const line = `"$@" build in.iso -f raw --force -o ${output}`;
          assertRefused(await bash(line, cwd, isAllowedAll), { names: output, says, advises });
          assert.deepEqual(folder.names(), before);
        }
      });
    }
  },
);

testWith(
  ["bash", "/dev/full", "/dev/shm/."],
  "the program allowed everything: devices, open files, and memory",
  async (t) => {
    using folder = await withIso();
    const { path: cwd } = folder;
    await mustEsxiImg(["build", "in.iso", "-f", "raw", "-o", "file"], { cwd });
    const expected = await sha256OfFile(folder.file("file"));
    await t.step("/dev/full", async () => {
      assertRefused(await bash(`"$@" build in.iso -f raw -o /dev/full`, cwd, true), {
        names: "/dev/full",
        says: /cannot write: the disk is full/,
        advises: /^free some space/,
      });
    });
    await t.step("/dev/shm", async () => {
      const image = `/dev/shm/${crypto.randomUUID()}.img`;
      try {
        const { code, stderr } = await bash(`"$@" build in.iso -o ${image}`, cwd, true);
        assert.equal(code, 0, stderr);
        assert.equal(await sha256OfFile(image), expected);
      } finally {
        await Deno.remove(image);
      }
    });
    await t.step("a file that is open, and one that holds something", async () => {
      const { code, stderr } = await bash(`"$@" build in.iso -o /dev/fd/5 5> five`, cwd, true);
      assert.equal(code, 0, stderr);
      assert.equal(await sha256OfFile(folder.file("five")), expected);
      assertRefused(await bash(`"$@" build in.iso -o /dev/fd/5 5>> five`, cwd, true), {
        names: "/dev/fd/5",
        says: /that file holds something already/,
        advises: /^pass the file's name/,
      });
      assert.equal(await sha256OfFile(folder.file("five")), expected);
    });
  },
);

testWith(["bash"], "a process substitution, as bash makes a pipe of one", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const line = `"$@" build in.iso -f raw -q -o >(sha256sum > sum); wait $!; cut -c1-64 sum`;
  const { stdout, stderr } = await bash(line, cwd);
  await mustEsxiImg(["build", "in.iso", "-f", "raw", "-o", "file"], { cwd });
  assert.deepEqual([stderr, stdout], ["", `${await sha256OfFile(folder.file("file"))}\n`]);
});

testWith(["bash"], "standard output that leads back into an input", async () => {
  using folder = await withIso();
  const before = await sha256OfFile(folder.file("in.iso"));
  assertRefused(await bash(`"$@" build in.iso -f raw -o - >> in.iso`, folder.path), {
    names: "standard output",
    says: /the same run reads or writes it/,
    advises: /^pass another name$/,
  });
  assert.equal(await sha256OfFile(folder.file("in.iso")), before);
});

testWith(["mkfifo"], "what a stream has had when a build ends half-way is said", async (t) => {
  using folder = new Folder();
  writeSlowIso(folder.file("in.iso"));
  const { path: cwd } = folder;
  await run("mkfifo", [folder.file("pipe")]);
  /** Reads some of the pipe, does something to the build, and reads the rest. */
  const during = async (act: string, output: string) =>
    await bash(
      `"$@" build in.iso -f raw ${output} & exec 3< pipe; head -c 200000 <&3 > part; ${act}; ` +
        "cat <&3 > rest; wait $!; echo $?; cat part rest | wc -c",
      cwd,
    );
  for (const [name, output] of [["standard output", "-o - > pipe"], ["pipe", "-o pipe"]] as const) {
    await t.step(`${name}, a signal`, async () => {
      const { stdout, stderr } = await during("kill -TERM $!", output);
      const [status, bytes] = stdout.trim().split("\n").map(Number);
      const said = new RegExp(
        `^esxi-img: stopped by SIGTERM; ${name} has had at least (\\d+) bytes of it\n$`,
      ).exec(stderr)?.[1];
      assert.equal(status, 143);
      assert.ok(Number(said) > 0 && Number(said) <= bytes!, `${said} of ${bytes}: ${stderr}`);
    });
    await t.step(`${name}, an input that ends`, async () => {
      const { stdout, stderr } = await during("truncate -s 2M in.iso", output);
      const [status, bytes] = stdout.trim().split("\n").map(Number);
      const said = new RegExp(`and ${name} has had at least (\\d+) bytes of it; run again .*\n$`)
        .exec(stderr)?.[1];
      assert.equal(status, 1);
      assert.ok(Number(said) > 0 && Number(said) <= bytes!, `${said} of ${bytes}: ${stderr}`);
      writeSlowIso(folder.file("in.iso"));
    });
  }
});
