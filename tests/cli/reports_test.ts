/**
 * What is said, where, and to whom: reports, JSON, progress.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { bootCfgText, installerFiles, moduleNames } from "../support/installer_iso.ts";
import { esxiImg, mustEsxiImg, type Outcome, testWith } from "../support/programs.ts";
import { SMALL, writeSampleIso } from "../support/sample_isos.ts";
import { writeSlowIso } from "../support/slow_build.ts";
import { onTerminal } from "../support/terminal.ts";

/** Back to the line's beginning, and wipe it. */
const CLEAR = "\r\x1b[K";

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  folder.write("pw", "Example#Pass-77\n");
  return folder;
}

Deno.test("build --json: one object on standard output, nothing on standard error", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const args = ["build", "in.iso", "-o", "out.img.gz", "--json", "--root-password-file", "pw"];
  const { stdout, stderr } = await mustEsxiImg(args, { cwd });
  assert.equal(stderr, "");
  const inspection = JSON.parse(
    (await mustEsxiImg(["inspect", "--json", "out.img.gz"], { cwd })).stdout,
  );
  assert.deepEqual(JSON.parse(stdout), {
    schema: 1,
    output: "out.img.gz",
    format: "gz",
    outputBytes: (await Deno.stat(folder.file("out.img.gz"))).size,
    diskBytes: inspection.diskBytes,
    version: "8.0.3",
    build: "24280767",
    architecture: "x86_64",
    files: inspection.files.length,
    diskGuid: inspection.diskGuid,
    partitionGuid: inspection.partitions[0].guid,
    verified: false,
    findings: [],
  });
  const verified = await mustEsxiImg([...args, "--force", "--verify"], { cwd });
  assert.equal(JSON.parse(verified.stdout).verified, true);
});

Deno.test("inspect --json: of the ISO and of the image made from it", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  for (const name of ["out.img", "out.img.gz"]) {
    await mustEsxiImg(["build", "in.iso", "-q", "-o", name], { cwd });
  }
  const inspect = async (path: string) => {
    const { stdout, stderr } = await mustEsxiImg(["inspect", "--json", path], { cwd });
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  };
  const [iso, raw, gz] = await Promise.all(["in.iso", "out.img", "out.img.gz"].map(inspect));
  const given = installerFiles(SMALL).map(({ path, content }) => ({
    path,
    sizeBytes: (content as Uint8Array).length,
  }));
  const byPath = (a: { path: string }, b: { path: string }) => a.path < b.path ? -1 : 1;
  assert.deepEqual(iso.files.toSorted(byPath), given.toSorted(byPath));
  assert.equal(iso.installer.version, "8.0.3");
  assert.equal(iso.installer.build, "24280767");
  assert.deepEqual(iso.installer.bootCfgs.map(({ path }: { path: string }) => path), [
    "EFI/BOOT/BOOT.CFG",
    "BOOT.CFG",
  ]);
  const modules = raw.installer.bootCfgs[0].modules;
  assert.deepEqual(modules, [...iso.installer.bootCfgs[0].modules, "/esxiimg.tgz"]);
  assert.equal(
    raw.installer.bootCfgs[0].kernelOptions,
    `${iso.installer.bootCfgs[0].kernelOptions} ks=file:///esxiimg/KS.CFG`,
  );
  assert.deepEqual([raw.path, raw.format, gz.format], ["out.img", "raw", "gz"]);
  const same = ({ path: _1, format: _2, fileBytes: _3, ...rest }: Record<string, unknown>) => rest;
  assert.deepEqual(same(gz), same(raw));
});

Deno.test("verify: what it says, as text and as JSON, of right and wrong images", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "out.img"], { cwd });
  const verify = ["verify", "out.img", "--iso", "in.iso"];
  const right = await mustEsxiImg(verify, { cwd });
  assert.match(right.stdout, /^out\.img: verified: .*\n$/);
  assert.equal(right.stderr, "");
  const quiet = await mustEsxiImg([...verify, "-q"], { cwd });
  assert.deepEqual([quiet.stdout, quiet.stderr], ["", ""]);
  const json = JSON.parse((await mustEsxiImg([...verify, "--json"], { cwd })).stdout);
  assert.equal(json.ok, true);
  assert.deepEqual(json.problems, []);

  await writeSampleIso(folder.file("other.iso"), undefined, {
    ...SMALL,
    files: [{ path: "B.B00", content: new Uint8Array(60_000).fill(1) }],
  });
  const wrong = ["verify", "out.img", "--iso", "other.iso"];
  const told = await esxiImg(wrong, { cwd });
  assert.deepEqual([told.code, told.stdout], [1, ""]);
  assert.match(told.stderr, /^(esxi-img: out\.img: .*\n)+$/);
  assert.match(told.stderr, /B\.B00/);
  const outcome = await esxiImg([...wrong, "--json"], { cwd });
  assert.equal(outcome.code, 1);
  const parsed = JSON.parse(outcome.stdout);
  assert.equal(parsed.ok, false);
  assert.ok(parsed.problems.length > 0);
});

Deno.test("verify: an image of another ISO is called so in one line", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "out.img"], { cwd });
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "out.iso", "--manifest", "m.json"], { cwd });
  const bootCfg = bootCfgText(moduleNames(SMALL.moduleCount!)).replace("24280767", "24674464");
  const other = { ...SMALL, bootCfg, modulesBytes: 1_400_000 };
  await writeSampleIso(folder.file("other.iso"), undefined, other);
  const says = "it was made from another ISO: it holds ESXi 8.0.3 build 24280767, the ISO " +
    "ESXi 8.0.3 build 24674464";
  for (const image of ["out.img", "out.iso"]) {
    const verify = ["verify", image, "--iso", "other.iso"];
    const { code, stdout, stderr } = await esxiImg(verify, { cwd });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, `esxi-img: ${image}: ${says}; pass the ISO that it was made from\n`);
    const json = JSON.parse((await esxiImg([...verify, "--json"], { cwd })).stdout);
    assert.deepEqual([json.ok, json.isOtherIso, json.problems], [false, true, [says]]);
  }
  const both = ["verify", "out.iso", "--iso", "other.iso", "--manifest", "m.json"];
  const { code, stderr } = await esxiImg(both, { cwd });
  assert.deepEqual([code, stderr.split("\n").length], [1, 2], stderr);
});

Deno.test("build tells what came out on standard error, nothing on standard output", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const { stdout, stderr } = await mustEsxiImg([
    ...["build", "in.iso", "-o", "out.img", "--root-password-file", "pw"],
  ], { cwd });
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^out\.img: ESXi 8\.0\.3 build 24280767, \d+ files, [\d.]+ MB as raw, .*\n$/,
  );
  const quiet = await mustEsxiImg(["build", "in.iso", "-o", "q.img", "-q"], { cwd });
  assert.deepEqual([quiet.stdout, quiet.stderr], ["", ""]);
});

testWith(["script"], "progress is shown on a terminal, and only there", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  writeSlowIso(folder.file("in.iso"));
  // Who reads the image takes long enough for a rate, and for two lines.
  const reader = "| (sleep 0.5; head -c 1000000; sleep 0.2; cat) > piped.gz";
  const { code, stdout } = await onTerminal(["build", "in.iso", "-o", "-"], reader, { cwd });
  assert.equal(code, 0);
  const shown = stdout.split(CLEAR).filter((part) => part.startsWith("building"));
  assert.ok(shown.length >= 2, stdout);
  const percents = shown.map((line) => {
    const match = /^building {2}[\d.]+ \S+ of \d+ MB {2}(\d+) %/.exec(line);
    assert.ok(match, line);
    return Number(match[1]);
  });
  assert.deepEqual(percents, percents.toSorted((a, b) => a - b));
  assert.match(shown.at(-1) ?? "", / {2}[\d.]+ [kM]B\/s {2}\d+ s left$/);
  // The last line is wiped before the report.
  assert.match(stdout.split(CLEAR).at(-1) ?? "", /^(warning: [^\r]*\r\n)*[^\r]*: ESXi 8\.0\.3 /);
  await mustEsxiImg(["verify", "piped.gz", "--iso", "in.iso"], { cwd });

  folder.write("pw", "Example#Pass-77\n");
  const build = ["build", "in.iso", "--force", "-o", "out.img.gz", "--root-password-file", "pw"];
  const quiet = await onTerminal([...build, "-q"], "", { cwd });
  assert.deepEqual([quiet.code, quiet.stdout], [0, ""]);
  const printer = await onTerminal(build, "", { cwd, env: { TERM: "dumb" } });
  assert.match(printer.stdout, /^out\.img\.gz: ESXi /);
  assert.ok(!printer.stdout.includes("\x1b"));
  const elsewhere = await onTerminal(build, "2> err", { cwd });
  assert.equal(elsewhere.stdout, "");
  assert.match(await Deno.readTextFile(folder.file("err")), /^out\.img\.gz: ESXi (\P{Cc}|\n)+$/u);
});

testWith(["script"], "a failure on a terminal stands on a line of its own", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  writeSlowIso(folder.file("in.iso"));
  const args = ["build", "in.iso", "-o", "out.img.gz", "--iso-sha256", "0".repeat(64)];
  const { code, stdout } = await onTerminal(args, "", { cwd });
  assert.equal(code, 1);
  const line = stdout.split(CLEAR).at(-1) ?? "";
  assert.match(line, /^esxi-img: in\.iso: its SHA-256 is [^\r\n]+\r\n$/);
});

Deno.test("--debug shows where a failure happened, after its line", async () => {
  const { code, stderr } = await esxiImg(["inspect", "/none.iso", "--debug"]);
  assert.equal(code, 1);
  const [first, ...rest] = stderr.trimEnd().split("\n");
  assert.equal(first, "esxi-img: /none.iso: cannot read: no such file or folder; check the path");
  assert.ok(rest.some((line) => /^\s+at .*FileSource\.open /.test(line)), stderr);
});

testWith(["script"], "help has colours on a terminal, unless somebody wants none", async () => {
  const help = ["build", "--help"];
  const isColoured = (outcome: Outcome) => outcome.stdout.includes("\x1b[");
  assert.ok(isColoured(await onTerminal(help)));
  assert.ok(isColoured(await onTerminal(help, "", { env: { NO_COLOR: "" } })));
  assert.ok(!isColoured(await onTerminal(help, "", { env: { NO_COLOR: "1" } })));
  assert.ok(!isColoured(await onTerminal(help, "", { env: { TERM: "dumb" } })));
  assert.ok(!isColoured(await onTerminal([...help, "--no-color"])));
  assert.ok(!isColoured(await mustEsxiImg(help)));
});
