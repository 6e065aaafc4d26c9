/**
 * The password that is typed: twice, and never shown.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";

const TYPIST = `${import.meta.dirname}/../support/typist.py`;
const FIRST = "root's password: ";
const SECOND = "once more: ";

interface Typed {
  /** What the terminal showed. */
  readonly shown: string;
  readonly status: number;
  /** Whether the terminal shows what is typed, afterwards. */
  readonly echoes: boolean;
}

/** Makes a payload with a password that is typed. */
async function typeIn(folder: Folder, steps: readonly (readonly [string, string])[]) {
  const args = ["payload", "-o", "typed.tgz", "--force", "--root-password-file", "-"];
  const command = [TYPIST, JSON.stringify(steps), EXECUTABLE, ...args];
  const { stdout } = await mustRun("python3", command, { cwd: folder.path });
  return JSON.parse(stdout) as Typed;
}

testWith(["python3"], "a password is typed twice, with corrections, and not shown", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  folder.write("pw", "Grüße 1!\n");
  await mustEsxiImg(["payload", "-o", "file.tgz", "--root-password-file", "pw"], { cwd });
  const expected = await Deno.readFile(folder.file("file.tgz"));
  for (
    const [first, second] of [
      ["Grüße 1!\r", "Grüße 1!\n"],
      ["Grüßx\x7fe 1!\r", "nonsense\x15Grüße 12\b!\r"],
      ["Grüße 1!\rGrüße 1!\r", ""],
    ] as const
  ) {
    const typed = await typeIn(folder, [[FIRST, first], [SECOND, second]]);
    assert.deepEqual(typed, { shown: `${FIRST}\r\n${SECOND}\r\n`, status: 0, echoes: true });
    assert.deepEqual(await Deno.readFile(folder.file("typed.tgz")), expected);
    await Deno.remove(folder.file("typed.tgz"));
  }
});

testWith(["python3"], "passwords that are typed wrong", async (t) => {
  using folder = new Folder();
  const cases: readonly (readonly [first: string, second: string, says: string, status: number])[] =
    [
      ["uno\r", "two\r", "two different passwords were typed; run it again", 2],
      ["\r", "\r", "standard input: no password was typed; run it again", 2],
      ["a\x1b[A\r", "", "the password holds a control character", 2],
      ["abc\x04", "", "it ended before a password was typed; type one", 2],
      ["abc\x03", "", "stopped by SIGINT; nothing was left behind", 130],
      ["abc\r", "a\x03", "stopped by SIGINT; nothing was left behind", 130],
    ];
  for (const [first, second, says, status] of cases) {
    await t.step(says, async () => {
      const typed = await typeIn(folder, [[FIRST, first], [SECOND, second]]);
      assert.ok(typed.shown.includes(`esxi-img: `) && typed.shown.includes(says), typed.shown);
      assert.doesNotMatch(typed.shown, /abc|uno/);
      assert.deepEqual([typed.status, typed.echoes], [status, true]);
      assert.deepEqual(folder.names(), []);
    });
  }
});
