/**
 * What npm starts: it hands on arguments, standard streams, signals and the exit status.
 *
 * @module
 */

import assert from "node:assert/strict";
import { VERSION } from "../../lib/version.ts";
import { makeBundle } from "../../release/bundle.ts";
import { packNpm } from "../../release/npm.ts";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { DENO_PACKAGE, NODE_PACKAGE, packageFile } from "../support/npm_packages.ts";
import { mustRun, pathOf, run, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import {
  LONG_MODULE_BYTES,
  PARTIAL_NAME,
  startCommand,
  writeSlowIso,
} from "../support/slow_build.ts";
import { sha256 } from "../support/trees.ts";

const NEEDED = ["tar", "gzip", "sh", "cmp", packageFile(DENO_PACKAGE)];
/** signal(7), and what shells say of a program that a signal has ended. */
const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;

/** The package as npm unpacks it, with Deno's beside it. @returns The launcher's path. */
async function install(folder: Folder): Promise<string> {
  await makeBundle();
  const options = { version: VERSION, description: "", timeSeconds: 0 };
  const archive = folder.write("package.tgz", await packNpm([], options));
  const unpacked = folder.file("node_modules/esxi-img");
  const deno = folder.file(`node_modules/${DENO_PACKAGE.replace(/@[^@]*$/, "")}`);
  for (const [path, from] of [[unpacked, archive], [deno, packageFile(DENO_PACKAGE)]] as const) {
    await Deno.mkdir(path, { recursive: true });
    await mustRun("tar", ["xzf", from, "-C", path, "--strip-components=1"]);
  }
  return `${unpacked}/launcher.mjs`;
}

testWith(
  [...NEEDED, "node"],
  "the launcher of npm's package, by this machine's Node",
  async (t) => {
    using folder = new Folder();
    await testLauncher(t, folder, pathOf("node")!);
  },
);

const NODE_FILE = packageFile(NODE_PACKAGE);
testWith(
  [...NEEDED, NODE_FILE],
  "the launcher of npm's package, by a Node with execve",
  async (t) => {
    using folder = new Folder();
    await mustRun("tar", ["xzf", NODE_FILE, "-C", folder.path, "package/bin/node"]);
    const node = folder.file("package/bin/node");
    const { stdout } = await mustRun(node, ["--print", "typeof process.execve"]);
    assert.equal(stdout, "function\n");
    await testLauncher(t, folder, node);
  },
);

async function testLauncher(t: Deno.TestContext, folder: Folder, node: string): Promise<void> {
  const launcher = await install(folder);
  const { path: cwd } = folder;
  const launch = (...args: string[]) => run(node, [launcher, ...args], { cwd });
  await writeSampleIso(folder.file("in.iso"));

  await t.step("standard output is the executable's, byte for byte", async () => {
    const args = ["build", "in.iso", "-q", "-f", "raw", "-o", "-"];
    const launched = await launch(...args);
    assert.equal(launched.code, 0, launched.stderr);
    const executable = await mustRun(EXECUTABLE, args, { cwd });
    assert.equal(sha256(launched.stdoutBytes), sha256(executable.stdoutBytes));
  });
  await t.step("a reader that is slow gets everything", async () => {
    const line = '"$@" build in.iso -q -f raw -o - | { sleep 1; cmp - raw; }';
    await mustRun(EXECUTABLE, ["build", "in.iso", "-q", "-o", "raw", "-f", "raw"], { cwd });
    await mustRun("sh", ["-c", line, "sh", node, launcher], { cwd });
  });
  await t.step("standard input arrives", async () => {
    const args = [launcher, "kickstart", "--root-password-file", "-"];
    const { code, stdout } = await run(node, args, { cwd, stdin: "VMware1!\n" });
    assert.equal(code, 0);
    assert.match(stdout, /^rootpw --iscrypted \$6\$/m);
  });
  await t.step("the exit status is the program's, and what it says its line", async () => {
    for (
      const [args, status] of [[["inspect", "missing"], 1], [["--no-such-option"], 2]] as const
    ) {
      const { code, stdout, stderr } = await launch(...args);
      assert.deepEqual([code, stdout], [status, ""]);
      assert.match(stderr, /^esxi-img: .*\n$/);
    }
  });
  await t.step("nothing is kept, in the home or elsewhere", async () => {
    await Deno.mkdir(folder.file("home"));
    const env = { HOME: folder.file("home"), XDG_CACHE_HOME: folder.file("home/none") };
    Deno.chmodSync(folder.file("home"), 0o500);
    const { code, stdout, stderr } = await run(node, [launcher, "--version"], { cwd, env });
    assert.deepEqual([code, stdout, stderr], [0, `${VERSION}\n`, ""]);
  });
  writeSlowIso(folder.file("slow.iso"), LONG_MODULE_BYTES);
  for (const [signal, status] of SIGNALS) {
    await t.step(`${signal} ends the build, which cleans up`, async () => {
      const command = [node, launcher, "build", "slow.iso", "-o", "out.img.gz"];
      await using running = startCommand(command, cwd);
      while (!folder.names().some((name) => PARTIAL_NAME.test(name))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      running.signal(signal);
      const { code, stderr } = await running.outcome;
      assert.equal(stderr, `esxi-img: stopped by ${signal}; nothing was left behind\n`);
      assert.equal(code, status);
      assert.deepEqual(folder.names().filter((name) => name.includes("out.img")), []);
    });
  }
}
