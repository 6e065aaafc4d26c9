/**
 * The executable does its work with next to nothing: as nobody, without network, in a root that
 * holds only itself, the libraries that the linker loads with it, and /proc.
 *
 * @module
 */

import assert from "node:assert/strict";
import { neededForCompiled } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, type Outcome, rightTo, run, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { reachableExecutable, unprivileged } from "../support/users.ts";

/** What ldd(1) lists, and the program interpreter. */
async function libraries(executable: string): Promise<string[]> {
  const { stdout } = await mustRun("ldd", [executable]);
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
}

/** Runs the executable in the sandbox, in a folder that holds `in.iso`. */
async function sandboxed(
  folder: Folder,
  executable: string,
  args: readonly string[],
): Promise<Outcome> {
  const binds = (await libraries(executable)).flatMap((path) => ["--ro-bind", path, path]);
  const command = unprivileged([
    "bwrap",
    ...["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"],
    ...binds,
    ...["--proc", "/proc"],
    ...["--ro-bind", executable, "/esxi-img"],
    ...["--ro-bind", folder.file("in.iso"), "/in.iso"],
    ...["--bind", folder.file("out"), "/out"],
    ...["--remount-ro", "/", "--chdir", "/out"],
    ...["/esxi-img", ...args],
  ]);
  return await run(command[0]!, command.slice(1));
}

const BWRAP = unprivileged(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]);
const NEEDED = await rightTo("the right to make namespaces", BWRAP);

testWith(
  ["ldd", ...NEEDED, ...neededForCompiled()],
  "in an empty root, as nobody, without network",
  async (t) => {
    using folder = new Folder();
    await Deno.chmod(folder.path, 0o755);
    const executable = await reachableExecutable(folder);
    await writeSampleIso(folder.file("in.iso"));
    await Deno.mkdir(folder.file("out"));
    await Deno.chmod(folder.file("out"), 0o777);
    const inSandbox = (...args: string[]) => sandboxed(folder, executable, args);

    const build = ["build", "/in.iso", "--verify", "--manifest", "m.json", "--force", "-o"];
    for (const output of ["out.img", "/out/out.img.gz"]) {
      await t.step(`build ${output}`, async () => {
        const { code, stderr } = await inSandbox(...build, output);
        assert.match(stderr, new RegExp(`^${output}: ESXi 8\\.0\\.3 .*, verified\n`, "m"));
        assert.equal(code, 0);
      });
    }
    for (const args of [["inspect", "/in.iso"], ["inspect", "out.img.gz"], ["kickstart"]]) {
      await t.step(args.join(" "), async () => {
        const { code, stdout, stderr } = await inSandbox(...args);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.ok(stdout.length > 500);
      });
    }
    await t.step("verify", async () => {
      const { code, stdout, stderr } = await inSandbox("verify", "out.img.gz", "--iso", "/in.iso");
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^out\.img\.gz: verified: /);
    });
    await t.step("what it builds is what it builds outside", async () => {
      const names = ["out.img", "out.img.gz"];
      const args = (name: string) => ["build", folder.file("in.iso"), "-o", folder.file(name)];
      for (const name of names) {
        await mustRun(executable, args(name));
        await mustRun("cmp", [folder.file(name), folder.file(`out/${name}`)]);
      }
    });
    await t.step("it may write nowhere else", async () => {
      for (const output of ["/x.img", "/lib/x.img"]) {
        assertRefused(await inSandbox("build", "/in.iso", "-o", output), {
          names: output,
          says: /the file system is read-only|no such file or folder/,
          advises: /./,
        });
      }
    });
    assert.deepEqual([...Deno.readDirSync(folder.file("out"))].map(({ name }) => name).toSorted(), [
      "m.json",
      "out.img",
      "out.img.gz",
    ]);
  },
);
