/**
 * Memory does not grow with the ISO. The ISOs are holes: they take no space, but every byte of them
 * is read and written.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { type InstallerOptions, writeInstallerIso } from "../support/installer_iso.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { makeVib } from "../support/vibs.ts";

/** By the number of processors: with two, threads deflate beside the one that does the rest. */
const MAX_PEAK_BYTES = [0, 120e6, 150e6];
/**
 * getrusage(2), `ru_maxrss`: the largest amount of memory that a child had at a time, in KiB. The
 * child gets some of the processors only, because every thread that deflates takes memory.
 */
const PEAK_SCRIPT = `
import os, resource, subprocess, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[1])])
with open("/dev/null", "wb") as null:
    code = subprocess.call(sys.argv[2:], stdout=null)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
`;

async function checkPeak(args: readonly string[], processors = 1): Promise<void> {
  const command = ["-c", PEAK_SCRIPT, String(processors), EXECUTABLE, ...args];
  const { stdout } = await mustRun("python3", command);
  const peakBytes = Number(stdout) * 1024;
  assert.ok(peakBytes > 20e6, "it was measured");
  assert.ok(peakBytes < MAX_PEAK_BYTES[processors]!, `${Math.round(peakBytes / 1e6)} MB`);
}

const SIZES: readonly (readonly [name: string, options: InstallerOptions])[] = [
  ["1 GB", { modulesBytes: 1e9, isSparse: true }],
  ["8 GB", { modulesBytes: 8e9, isSparse: true }],
];

for (const [name, options] of SIZES) {
  testWith(["python3"], `the memory that an ISO of ${name} takes`, async (t) => {
    using folder = new Folder();
    const iso = folder.file("in.iso");
    writeInstallerIso(iso, options);
    for (const format of ["raw", "gz"]) {
      await t.step(format, async () => {
        await checkPeak(["build", iso, "-q", "-f", format, "-o", "-"]);
      });
    }
    await t.step("inspect", async () => {
      await checkPeak(["inspect", iso]);
    });
  });
}

testWith(["python3", "gzip"], "the memory that large modules take", async (t) => {
  using folder = new Folder();
  const iso = folder.file("in.iso");
  writeInstallerIso(iso, { moduleCount: 2, modulesBytes: 100_000 });
  const plain = folder.write("plain.v00", "\x7fELF");
  await Deno.truncate(plain, 1e9);
  const noise = folder.write("noise.v01", "");
  await mustRun("sh", ["-c", `head -c 100000000 /dev/urandom | gzip -1 > ${noise}`]);
  const modules = ["--module", plain, "--module", noise, "--manifest", folder.file("m.json")];
  for (const format of ["raw", "gz", "qcow2"]) {
    await t.step(format, async () => {
      await checkPeak(["build", iso, "-q", "-f", format, "--force", ...modules, "-o", "/dev/null"]);
    });
  }
});

testWith(["python3"], "the memory that a large driver takes", async () => {
  using folder = new Folder();
  const iso = folder.file("in.iso");
  writeInstallerIso(iso, { moduleCount: 2, modulesBytes: 100_000 });
  const vib = folder.write("net.vib", makeVib({ name: "net-acme", fillBytes: 60e6 }));
  await checkPeak(["build", iso, "-q", "-f", "raw", "--driver", vib, "-o", "/dev/null"]);
});

testWith(["python3"], "the memory that deflating takes", async (t) => {
  using folder = new Folder();
  const iso = folder.file("in.iso");
  writeInstallerIso(iso, {
    moduleCount: 20,
    modulesBytes: 60e6,
    compressibleModules: 20,
    distinctModules: 1,
  });
  const ways: readonly (readonly [format: string, processors: number, options: string[]])[] = [
    ["gz", 1, []],
    ["gz", 2, []],
    ["vmdk", 1, []],
    ["vmdk", 2, []],
    ["qcow2", 1, ["--compress"]],
    ["qcow2", 2, ["--compress"]],
  ];
  for (const [format, processors, options] of ways) {
    await t.step(`${format}, processors: ${processors}`, async () => {
      const output = folder.file(`out${processors}.${format}`);
      await checkPeak(["build", iso, "-q", "-f", format, ...options, "-o", output], processors);
    });
  }
});

testWith(["python3", "mdir"], "10,000 files", async () => {
  using folder = new Folder();
  const [iso, image] = [folder.file("in.iso"), folder.file("out.img")];
  const files = Array.from({ length: 10_000 }, (_, i) => ({
    path: `D${i % 50}/F${String(i).padStart(5, "0")}.V00`,
    content: new TextEncoder().encode(`file ${i}`),
  }));
  writeInstallerIso(iso, { moduleCount: 8, modulesBytes: 100_000, files });
  await checkPeak(["build", iso, "-q", "-f", "gz", "-o", "-"]);
  await mustEsxiImg(["build", iso, "-o", image, "--verify"]);
  const { stdout } = await mustRun("mdir", ["-/", "-b", "-i", `${image}@@1M`, "::"]);
  const listed = stdout.split("\n").filter((line) => /\/F\d{5}\.V00$/.test(line));
  assert.equal(listed.length, 10_000);
  const last = await mustRun("mtype", ["-i", `${image}@@1M`, "::D49/F09999.V00"]);
  assert.equal(last.stdout, "file 9999");
});
