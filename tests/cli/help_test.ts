/**
 * What `esxi-img COMMAND --help` shows.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import { routes } from "../../lib/cli/app.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { groupOptions, renderHelp, wrap } from "../../lib/cli/usage/help.ts";
import { mustEsxiImg } from "../support/programs.ts";

const COMMANDS = listCommands(routes, true);
const PLAIN = { name: "esxi-img", columns: 80, withColor: false };

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
