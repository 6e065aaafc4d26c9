/**
 * Finding what was meant, apart from the program; the parser judges what is wrong.
 *
 * @module
 */

import { buildRouteMap, type Command, type CommandContext, run } from "@stricli/core";
import fc from "fast-check";
import assert from "node:assert/strict";
import { application, routes } from "../../lib/cli/app.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { findSlip } from "../../lib/cli/usage/find_slip.ts";
import { countEdits, nearest } from "../../lib/cli/usage/nearest.ts";
import { COMMAND_SYNONYMS, OPTION_SYNONYMS } from "../../lib/cli/usage/synonyms.ts";

const COMMANDS = listCommands(routes, true);

Deno.test("nearest: case and hyphens, beginnings, slips of the finger, other names", () => {
  const candidates = ["--ssh-key", "--size", "--sync", "--output"];
  assert.equal(nearest("--SSH_key", candidates), "--ssh-key");
  assert.equal(nearest("--sshkeys", candidates), "--ssh-key");
  assert.equal(nearest("--out", candidates), "--output");
  assert.equal(nearest("--ouptut", candidates), "--output");
  assert.equal(nearest("--szie", candidates), "--size");
  assert.equal(nearest("--s", candidates), undefined);
  assert.equal(nearest("--frobnicate", candidates), undefined);
  assert.equal(nearest("--dest", candidates, { dest: "--output" }), "--output");
  assert.equal(nearest("--dest", candidates, { dest: "--elsewhere" }), undefined);
});

Deno.test("nearest: edits are counted as a distance is", () => {
  for (
    const [from, to, edits] of [["", "abc", 3], ["kitten", "sitting", 3], ["ab", "ba", 1], [
      "same",
      "same",
      0,
    ]] as const
  ) assert.equal(countEdits(from, to), edits, `${from} ${to}`);
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
  fc.assert(fc.property(word, word, (a, b) => {
    const edits = countEdits(a, b);
    assert.equal(edits, countEdits(b, a));
    assert.equal(edits === 0, a === b);
    assert.ok(edits >= Math.abs(a.length - b.length) && edits <= Math.max(a.length, b.length));
  }));
});

Deno.test("synonyms: what they stand for is there, and is called otherwise", () => {
  const names = COMMANDS.map(({ name }) => name);
  for (const [word, name] of Object.entries(COMMAND_SYNONYMS)) {
    assert.ok(names.includes(name) && !names.includes(word), word);
  }
  const options = new Set(COMMANDS.flatMap((command) => command.options.map(({ name }) => name)));
  for (const [word, name] of Object.entries(OPTION_SYNONYMS)) {
    assert.ok(options.has(name) && !options.has(`--${word}`), word);
  }
});

/** The commands, doing nothing. */
const IDLE = buildRouteMap<string, CommandContext>({
  routes: Object.fromEntries(
    routes.getAllEntries().map(({ name, target }) => {
      const command = target as Command<CommandContext>;
      return [name.original, { ...command, loader: () => Promise.resolve(() => {}) }];
    }),
  ),
  docs: { brief: "" },
});

async function parse(args: readonly string[]): Promise<string> {
  let said = "";
  const stream = { write: (text: string) => said += text };
  const process = { stdout: stream, stderr: stream, exitCode: null };
  await run(application(IDLE, false), args, { process });
  return process.exitCode === 0 || process.exitCode === null ? "" : said;
}

Deno.test("slips: the parser refuses what they are found in, and little else", async () => {
  const word = fc.constantFrom(
    ...("a.iso b.img - -o -f -q -h -x -qo -ofile -o=c --output --output=c --force --force=no --json " +
      "--no-color --color --noColor --rootPasswordFile --root-password-file --size 64M 5Q --module " +
      "--kernelopt=a -5 --no-maas --debug --iso bash --ssh-keys --sync").split(" "),
  );
  const line = fc.tuple(
    fc.constantFrom(...COMMANDS.map(({ name }) => name), "nonsense"),
    fc.array(word, { maxLength: 5 }),
  ).map(([command, words]) => [command, ...words]);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(line, async (args) => {
      const said = await parse(args);
      const slip = findSlip(args, COMMANDS);
      if (said !== "") refused++;
      // A name that begins with a dash is an argument to the parser, and a slip to people.
      if (said === "") assert.ok(slip === undefined || slip.where.startsWith("-"), args.join(" "));
      if (said === "" && slip !== undefined) assert.ok(args.includes("-5"), args.join(" "));
      if (slip === undefined && said !== "") {
        assert.match(said, /cannot read the size|there is no shell/);
      }
    }),
    { numRuns: 1500 },
  );
  assert.ok(refused > 100);
});

Deno.test("slips: help is never one, nor what follows two hyphens", () => {
  for (
    const line of [
      "build --frobnicate --help",
      "build -h",
      "--help",
      "",
      "build -- -odd.iso",
      "build in.iso -o - --force=no",
    ]
  ) {
    assert.equal(
      findSlip(line.split(" ").filter((word) => word !== ""), COMMANDS),
      undefined,
      line,
    );
  }
  assert.equal(findSlip(["inspect", "--", "a", "b"], COMMANDS)?.where, "b");
});
