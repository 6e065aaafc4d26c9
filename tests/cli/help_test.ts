/**
 * What `esxi-img COMMAND --help` shows.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import { routes } from "../../lib/cli/app.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { flow, groupOptions, renderHelp, wrap } from "../../lib/cli/usage/help.ts";
import { renderOverview } from "../../lib/cli/usage/overview.ts";
import { VERSION } from "../../lib/version.ts";
import { ROOT } from "../support/executable.ts";
import { exists } from "../support/folder.ts";
import { mustEsxiImg } from "../support/programs.ts";

const COMMANDS = listCommands(routes, true);
const PLAIN = { name: "esxi-img", columns: 80, withColor: false };
const TEXT = { version: VERSION, description: routes.fullDescription! };

Deno.test("help: every option once, with what stands for its value, those of every command last", () => {
  for (const command of COMMANDS) {
    const help = renderHelp(command, PLAIN);
    for (const { name, alias, value, isRepeated } of command.options) {
      const short = alias === undefined ? "" : `${alias}, `;
      const shown = `${short}${name}${value === undefined ? "" : ` ${value.placeholder}`}`;
      const lines = help.split("\n").filter((line) =>
        line.trimStart() === shown || line.trimStart().startsWith(`${shown} `)
      );
      assert.equal(lines.length, 1, `${command.name} ${shown}`);
      assert.equal(lines[0]!.includes(" ..."), isRepeated, lines[0]);
    }
    const groups = groupOptions(command.options);
    assert.equal(groups.flatMap(([, options]) => options).length, command.options.length);
    assert.equal(groups.at(-1)?.[0], "OF EVERY COMMAND");
    assert.deepEqual(
      groups.at(-1)?.[1].map(({ name }) => name),
      ["--quiet", "--json", "--no-color", "--config", "--debug", "--help"],
    );
  }
});

Deno.test("help: usage has what is needed", () => {
  const usage = (name: string) =>
    renderHelp(COMMANDS.find((command) => command.name === name)!, PLAIN).split("\n")[1];
  assert.equal(usage("build"), "  esxi-img build ISO [OPTION]...");
  assert.equal(usage("convert"), "  esxi-img convert IMAGE -o PATH [OPTION]...");
  assert.equal(usage("gen-img"), "  esxi-img gen-img ISO OUT [OPTION]...");
});

Deno.test("help: lines fit, but for examples", () => {
  for (const columns of [20, 60, 80, 200]) {
    const limit = Math.min(100, Math.max(60, columns));
    for (const command of COMMANDS) {
      const lines = renderHelp(command, { ...PLAIN, columns }).split("\n");
      const long = lines.filter((line) => line.length > limit && !/^ {2}\S/.test(line));
      assert.deepEqual(long, [], command.name);
    }
    const lines = renderOverview(COMMANDS, TEXT, { ...PLAIN, columns }).split("\n");
    const long = lines.filter((line) => line.length > limit && !/^ {2}esxi-img /.test(line));
    assert.deepEqual(long, []);
  }
  fc.assert(fc.property(fc.array(fc.stringMatching(/^\S{1,9}$/)), fc.nat(40), (words, width) => {
    const lines = wrap(words.join(" "), width);
    assert.equal(lines.join(" "), words.join(" "));
    assert.ok(lines.every((line) => line.length <= width || !line.includes(" ")));
  }));
});

Deno.test("help: the program shows it, wherever it is asked for", async () => {
  const command = COMMANDS.find(({ name }) => name === "verify")!;
  for (const args of [["verify", "-h"], ["verify", "x", "--frobnicate", "--help"]]) {
    const { stdout, stderr } = await mustEsxiImg(args);
    assert.deepEqual([stdout, stderr], [renderHelp(command, PLAIN), ""]);
  }
});

Deno.test("help: the documents that it names are there, and are shipped", () => {
  const helps = COMMANDS.map((command) => renderHelp(command, PLAIN));
  const text = [...helps, renderOverview(COMMANDS, TEXT, PLAIN)].join("\n");
  const named = new Set(text.match(/docs\/[\w-]+\.md/g));
  assert.ok(named.size > 10);
  for (const path of named) assert.ok(exists(ROOT + path), path);
});

Deno.test("help: paragraphs are filled, examples stand as they are", () => {
  const text = "one two\nthree\n\n  as it  is\n  and is\nfour\nfive";
  const filled = ["one two three", "", "  as it  is", "  and is", "four five"];
  assert.deepEqual(flow(text, 80), filled);
  assert.deepEqual(flow("one two\nthree", 9), ["one two", "three"]);
});

Deno.test("help: of the program: every command once, with an example of those that begin", () => {
  const lines = renderOverview(COMMANDS, TEXT, PLAIN).split("\n");
  for (const { name, brief, isHidden } of COMMANDS) {
    const shown = lines.filter((line) => line.startsWith(`  ${name} `.padEnd(14)));
    assert.equal(shown.length, isHidden ? 0 : 1, name);
    if (!isHidden) assert.ok(brief.startsWith(shown[0]!.slice(14)), name);
  }
  for (const name of ["check", "build", "verify"]) {
    assert.ok(lines.some((line) => line.startsWith(`  esxi-img ${name} esxi.i`)), name);
  }
  assert.ok(lines.includes("EXIT STATUS") && lines.includes("READ ON"));
  const colored = renderOverview(COMMANDS, TEXT, { ...PLAIN, withColor: true });
  assert.ok(colored.startsWith("\x1b[1mUSAGE\x1b[0m\n"));
});

Deno.test("help: all ways to ask for it, and for the version", async () => {
  const overview = renderOverview(COMMANDS, TEXT, PLAIN);
  for (const line of ["", "--help", "-h", "help", "help help", "-q --help", "--help --json"]) {
    const { stdout, stderr } = await mustEsxiImg(line.split(" ").filter((word) => word !== ""));
    assert.deepEqual([stdout, stderr], [overview, ""], line);
  }
  const help = renderHelp(COMMANDS.find(({ name }) => name === "build")!, PLAIN);
  for (const line of ["build --help", "help build", "--help build", "--json build -h"]) {
    assert.equal((await mustEsxiImg(line.split(" "))).stdout, help, line);
  }
  for (const line of ["--version", "-v", "version"]) {
    assert.equal((await mustEsxiImg([line])).stdout, `${VERSION}\n`, line);
  }
  for (const line of ["--version --json", "--json --version", "version --json"]) {
    const { stdout } = await mustEsxiImg(line.split(" "));
    assert.equal(JSON.parse(stdout).version, VERSION, line);
  }
});
