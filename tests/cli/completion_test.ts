import assert from "node:assert/strict";
import { routes } from "../../lib/cli/app.ts";
import { listCommands, SHELLS } from "../../lib/cli/definitions.ts";
import { completionFor } from "../../lib/cli/run_completion.ts";
import { formatNames } from "../../lib/formats/formats.ts";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";

const COMMANDS = listCommands(routes);
/** What the shells are to complete, with a folder that holds the files of {@linkcode fill}. */
const FILE = "fi le.iso";

function fill(folder: Folder): void {
  folder.write(FILE, "");
  folder.write("other.img", "");
  Deno.mkdirSync(folder.file("drive"));
}

/**
 * Types lines into an interactive shell, where `⇥` is the tabulator, and says what the program
 * would have been given.
 */
async function type(shell: readonly string[], setUp: string, lines: readonly string[]) {
  using folder = new Folder();
  fill(folder);
  const instead = `esxi-img() { printf 'ARG<%s>' "$@"; printf '\\nEND\\n'; }`;
  const keys = [`PS1=; ${setUp}; ${instead}`, ...lines, "exit"].join("\n") + "\n";
  const { stdout } = await mustRun("script", ["-q", "-e", "-c", shell.join(" "), "/dev/null"], {
    cwd: folder.path,
    stdin: keys.replaceAll("⇥", "\t"),
    env: { TERM: "dumb", HOME: folder.path, HISTFILE: "" },
  });
  return [...stdout.matchAll(/(ARG<.*>)\r?$/gm)].map(([, said]) =>
    said!.slice(4, -1).split(">ARG<")
  );
}

Deno.test("definitions: every command with its options, hidden ones left out", () => {
  const names = COMMANDS.map(({ name }) => name);
  assert.ok(names.includes("build") && names.includes("completion"));
  assert.ok(!names.includes("gen-img"));
  const build = COMMANDS.find(({ name }) => name === "build")!;
  const option = (name: string) => build.options.find((candidate) => candidate.name === name);
  assert.equal(option("--output")?.alias, "-o");
  assert.equal(option("--output")?.value?.offers, "files");
  assert.equal(option("--metadata")?.value?.offers, "folders");
  assert.deepEqual(option("--format")?.value?.offers, formatNames().split(", "));
  assert.equal(option("--module")?.isRepeated, true);
  assert.equal(option("--force")?.value, undefined);
  assert.match(option("--no-color")!.brief, /^No colour/);
  assert.equal(option("--help")?.alias, "-h");
});

Deno.test("completion: the executable prints what this makes; another shell is wrong usage", async () => {
  for (const shell of SHELLS) {
    const { stdout } = await mustEsxiImg(["completion", shell]);
    assert.equal(stdout, completionFor(shell, COMMANDS));
  }
  const { stdout } = await mustEsxiImg(["completion", "/usr/bin/FISH"]);
  assert.equal(stdout, completionFor("fish", COMMANDS));
  const { code, stderr } = await esxiImg(["completion", "tcsh"]);
  assert.equal(code, 2);
  assert.match(stderr, /^esxi-img: .*tcsh.*bash, fish, zsh.*\n$/);
});

testWith(["bash", "script"], "completion: bash", async () => {
  using folder = new Folder();
  const path = folder.write("completion", completionFor("bash", COMMANDS));
  const said = await type(["bash", "--norc", "--noprofile", "-i"], `source ${path}`, [
    "esxi-img bui⇥--form⇥qcow⇥-o oth⇥fi⇥",
    "esxi-img build --format=vmdk-⇥",
    "esxi-img --force -f r⇥",
    `esxi-img fi⇥--payl⇥oth⇥`,
    "esxi-img convert other.img --output=oth⇥",
    "esxi-img completion z⇥",
    "esxi-img help verif⇥",
  ]);
  assert.deepEqual(said, [
    ["build", "--format", "qcow2", "-o", "other.img", FILE],
    ["build", "--format=vmdk-sparse"],
    ["--force", "-f", "raw"],
    [FILE, "--payload", "other.img"],
    ["convert", "other.img", "--output=other.img"],
    ["completion", "zsh"],
    ["help", "verify"],
  ]);
});

testWith(["shellcheck"], "completion: shellcheck finds nothing in bash's", async () => {
  using folder = new Folder();
  await mustRun("shellcheck", [folder.write("completion", completionFor("bash", COMMANDS))]);
});

testWith(["zsh", "script"], "completion: zsh, sourced and from a folder of functions", async () => {
  using folder = new Folder();
  const path = folder.write("_esxi-img", completionFor("zsh", COMMANDS));
  const sourced = `autoload -U compinit; compinit -D -u; source ${path}`;
  const installed = `fpath=(${folder.path} $fpath); autoload -U compinit; compinit -D -u`;
  for (const setUp of [sourced, installed]) {
    const said = await type(["zsh", "-f", "-i"], setUp, [
      "esxi-img bui⇥--form⇥qcow⇥-o oth⇥fi⇥",
      "esxi-img build -f vmdk-⇥",
      "esxi-img --force -f r⇥",
      `esxi-img fi⇥--payl⇥oth⇥`,
      "esxi-img convert other.img -o oth⇥",
      "esxi-img build --metadata ⇥",
      "esxi-img completion z⇥",
      "esxi-img help verif⇥",
    ]);
    assert.deepEqual(said, [
      ["build", "--format=qcow2", "-o", "other.img", FILE],
      ["build", "-f", "vmdk-sparse"],
      ["--force", "-f", "raw"],
      [FILE, "--payload=other.img"],
      ["convert", "other.img", "-o", "other.img"],
      ["build", "--metadata", "drive"],
      ["completion", "zsh"],
      ["help", "verify"],
    ]);
  }
});

testWith(["fish"], "completion: fish", async () => {
  using folder = new Folder();
  const path = folder.write("completion", completionFor("fish", COMMANDS));
  fill(folder);
  const complete = async (line: string) => {
    const script = `source ${path}; complete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = await mustRun("fish", ["--no-config", "-c", script], {
      cwd: folder.path,
      env: { HOME: folder.path },
    });
    assert.equal(stderr, "");
    return stdout.trim().split("\n").map((candidate) => candidate.split("\t")[0]);
  };
  assert.deepEqual(
    await complete("esxi-img "),
    [...COMMANDS.map(({ name }) => name), "help"].toSorted(),
  );
  assert.deepEqual(await complete("esxi-img help verif"), ["verify"]);
  assert.deepEqual(
    await complete("esxi-img build --format "),
    formatNames().split(", ").toSorted(),
  );
  assert.deepEqual(
    await complete("esxi-img convert --format "),
    formatNames("disk").split(", ").toSorted(),
  );
  assert.deepEqual(await complete("esxi-img build -f qc"), ["qcow2"]);
  assert.deepEqual(await complete("esxi-img verify --i"), ["--iso"]);
  assert.deepEqual(await complete("esxi-img verify fi"), [FILE]);
  assert.deepEqual(await complete("esxi-img build --metadata d"), ["drive/"]);
  assert.deepEqual(await complete("esxi-img completion "), [...SHELLS]);
});
