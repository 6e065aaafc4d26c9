/**
 * Real disks that are too small, in a mount namespace of their own; and limits on a file's size.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, rightTo, run, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { isRoot } from "../support/users.ts";

/** Sizes of the disk in KiB; the last one holds everything. */
const DISK_KIB = [4, 64, 300, 1000, 1500, 4096];
/** Mounts a small disk of a size, builds onto it, and lists what is there. */
const SCRIPT = `
for kib in ${DISK_KIB.join(" ")}; do
  mount -t tmpfs -o size=\${kib}k none disk
  echo --
  "$0" "$@" 2>&1
  echo "status $?"
  ls -A disk
  umount disk
done
`;
/** Without root, a user namespace lets one mount. */
const UNSHARE = ["unshare", isRoot ? "-m" : "-Urm"];
const MOUNT = [...UNSHARE, "mount", "-t", "tmpfs", "none", "/tmp"];
const NEEDED = await rightTo("the right to mount", MOUNT);

for (const format of ["raw", "gz"]) {
  testWith(
    NEEDED,
    `a small disk holds a whole ${format} image or nothing`,
    async () => {
      using folder = new Folder();
      const { path: cwd } = folder;
      await writeSampleIso(folder.file("in.iso"));
      await Deno.mkdir(folder.file("disk"));
      const args = [
        "build",
        "in.iso",
        "-q",
        "-f",
        format,
        "-o",
        "disk/out",
        "--manifest",
        "disk/m",
      ];
      const command = [...UNSHARE.slice(1), "bash", "-c", SCRIPT, EXECUTABLE, ...args];
      const { stdout } = await run(UNSHARE[0]!, command, { cwd });
      const full = "cannot write: the disk is full; free some space or choose another folder";
      const nothing = `esxi-img: disk/out: ${full}\nstatus 1\n`;
      const results = stdout.split("--\n").slice(1);
      assert.deepEqual(results, [...DISK_KIB.slice(1).map(() => nothing), "status 0\nm\nout\n"]);
    },
  );
}

for (const format of ["raw", "gz"]) {
  testWith(["bash"], `a limit on the size of files ends a ${format} build cleanly`, async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    await writeSampleIso(folder.file("in.iso"));
    // In units of 1024 bytes. A write over the limit also raises SIGXFSZ, setrlimit(2).
    for (const kib of [0, 1, 130, 700, 1200]) {
      const line = `ulimit -f ${kib}; exec "$0" build in.iso -f ${format} -o out`;
      assertRefused(await run("bash", ["-c", line, EXECUTABLE], { cwd }), {
        names: "out",
        says: /cannot write: the file system cannot hold a file that large/,
        advises: /^choose another folder$/,
      });
      const payload = 'ulimit -f 4; exec "$0" payload -o out';
      assert.equal((await run("bash", ["-c", payload, EXECUTABLE], { cwd })).code, 1);
    }
    assert.deepEqual(folder.names(), ["in.iso"]);
  });
}

testWith(NEEDED, "a disk that holds the image but not its manifest", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  await mustEsxiImg(["build", "in.iso", "-o", "out.img.gz"], { cwd });
  const { size } = await Deno.stat(folder.file("out.img.gz"));
  await Deno.mkdir(folder.file("disk"));
  // Room for the image, but for a part of the manifest only.
  const kib = Math.ceil(size / 4096) * 4 + 4;
  const script = `mount -t tmpfs -o size=${kib}k none disk
    "$0" build in.iso -o disk/out.img.gz --manifest disk/m.json --verify 2>&1
    echo "status $?"; ls -A disk; umount disk`;
  const outcome = await run(UNSHARE[0]!, [...UNSHARE.slice(1), "bash", "-c", script, EXECUTABLE], {
    cwd,
  });
  assert.equal(
    outcome.stdout,
    "esxi-img: disk/m.json: cannot write: the disk is full; free some space or choose another " +
      "folder\nstatus 1\n",
  );
  await mustRun("gzip", ["-t", folder.file("out.img.gz")]);
});
