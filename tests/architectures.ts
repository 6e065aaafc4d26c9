/**
 * `deno task architectures`: builds with the same Deno for x64 and, in qemu-user, for arm64, and
 * compares the bytes. What is promised to be the same on any machine has to be.
 *
 * It needs qemu-aarch64-static, and Debian's libc6-arm64-cross and libgcc-s1-arm64-cross.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FORMATS } from "../lib/formats/formats.ts";
import { Folder } from "./support/folder.ts";
import { fromSource } from "./support/from_source.ts";
import { mustRun, pathOf } from "./support/programs.ts";
import { SMALL } from "./support/sample_isos.ts";
import { writeInstallerIso } from "./support/installer_iso.ts";
import { sha256OfFile } from "./support/trees.ts";

const EMULATOR = "qemu-aarch64-static";
const LIBRARIES = "/usr/aarch64-linux-gnu";
const PACKAGE = `@deno/linux-arm64-glibc@${Deno.version.deno}`;
/** Deflated by the zlib of the runtime, which is another on every architecture. */
const DEFLATED = new Set(["gz", "vmdk", "qcow2 --compress"]);

/** What is made, by what it is called; its arguments end where the output's name follows. */
const MADE: Readonly<Record<string, readonly string[]>> = {
  payload: ["payload", "-o"],
  ...Object.fromEntries(
    FORMATS.map(({ name }) => [name, ["build", "in.iso", "-q", "-f", name, "-o"]]),
  ),
  "qcow2 --compress": ["build", "in.iso", "-q", "-f", "qcow2", "--compress", "-o"],
};

async function compare(): Promise<boolean> {
  using folder = new Folder();
  const { path: cwd } = folder;
  writeInstallerIso(folder.file("in.iso"), SMALL);
  const { stdout } = await mustRun("npm", ["pack", "--silent", PACKAGE], { cwd });
  await mustRun("tar", ["xzf", stdout.trim(), "package/deno"], { cwd });
  const env = { QEMU_LD_PREFIX: LIBRARIES, DENO_DIR: folder.file("cache") };
  let isAsPromised = true;
  for (const [name, args] of Object.entries(MADE)) {
    const [here = "", ...rest] = fromSource([...args, "x64"]);
    await mustRun(here, rest, { cwd });
    const emulated = [folder.file("package/deno"), ...fromSource([...args, "arm64"]).slice(1)];
    await mustRun(EMULATOR, emulated, { cwd, env });
    const hashes = await Promise.all(
      ["x64", "arm64"].map((made) => sha256OfFile(folder.file(made))),
    );
    const isSame = hashes[0] === hashes[1];
    const isPromised = !DEFLATED.has(name);
    console.log(
      `${name.padEnd(16)} ${isSame ? "same" : "different"}${isPromised ? "" : ", may be"}`,
    );
    if (isPromised && !isSame) isAsPromised = false;
    for (const made of ["x64", "arm64"]) await Deno.remove(folder.file(made));
  }
  return isAsPromised;
}

for (const needed of [EMULATOR, `${LIBRARIES}/lib/libc.so.6`]) {
  assert.ok(
    pathOf(needed),
    `${needed} is missing: apt-get install qemu-user-static ` +
      "libc6-arm64-cross libgcc-s1-arm64-cross",
  );
}
if (!await compare()) Deno.exit(1);
