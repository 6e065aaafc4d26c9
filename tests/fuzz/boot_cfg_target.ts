/**
 * The boot.cfg editor against a reader that was written from the loader's rules alone.
 *
 *     deno task fuzz --target boot-cfg-loader
 *
 * @module
 */

import assert from "node:assert/strict";
import { decodeLatin1, encodeLatin1 } from "../../lib/blocks/latin1.ts";
import { editBootCfg } from "../../lib/esxi/edit_boot_cfg.ts";
import { bootCfgText, moduleNames } from "../support/installer_iso.ts";
import { bootFrom } from "./boot_cfg_reader.ts";
import { wordsOf } from "./mutators.ts";
import { bytesTarget } from "./text_targets.ts";

const PATH = "/EFI/BOOT/BOOT.CFG";
const FOLDER = "EFI/BOOT";
const EDITS = {
  modules: ["/esxiimg.tgz"],
  kickstart: "file:///esxiimg/KS.CFG",
  kernelOptions: ["systemMediaSize=min"],
  bootOptions: [["errtimeout", "10"]] as const,
};

/** What the loader boots after an edit is what it booted before, and ours. */
export function checkEdit(bytes: Uint8Array): Promise<string | undefined> {
  const text = decodeLatin1(bytes);
  const edited = editBootCfg(text, EDITS, PATH);
  const before = bootFrom(text, FOLDER);
  const after = bootFrom(edited, FOLDER);
  if (before.stops !== undefined) {
    // A file without a kernel is refused where the installer is recognised.
    assert.equal(before.stops, "no kernel", "the editor takes what the loader stops at");
    return Promise.resolve("no kernel");
  }
  assert.equal(after.stops, undefined);
  assert.deepEqual([after.kernel, after.title], [before.kernel, before.title]);
  const paths = (modules: typeof after.modules) =>
    modules.map(({ path, options }) => [path, options]);
  const had = before.modules.some(({ path }) => path.toLowerCase() === "/esxiimg.tgz");
  assert.deepEqual(
    paths(after.modules),
    [...paths(before.modules), ...had ? [] : [["/esxiimg.tgz", ""]]],
  );
  const kept = before.options.split(" ").filter((word) =>
    word !== "" && !word.startsWith("ks=") && !word.startsWith("systemMediaSize=")
  );
  const words = after.options.split(" ");
  assert.deepEqual(words.filter((word) => !/^(?:ks|systemMediaSize)=/.test(word)), kept);
  assert.deepEqual(words.filter((word) => word.startsWith("ks=")), [`ks=${EDITS.kickstart}`]);
  assert.ok(words.includes("systemMediaSize=min"));
  assert.ok(`${after.kernel} ${after.options}`.length <= 4095);
  for (const { path, options } of after.modules) {
    assert.ok(`${path} ${options}`.trim().length <= 255);
  }
  return Promise.resolve(undefined);
}

export const bootCfgLoaderTarget = {
  leastCases: 20_000,
  ...bytesTarget(
    "boot-cfg-loader",
    () =>
      Promise.resolve([
        bootCfgText(moduleNames(8)),
        bootCfgText(moduleNames(6)).replaceAll("\n", "\r\n"),
        "kernel=b.b00\nprefix=/esx\nkernelopt=ks=http://h/k a ks=x\nmodules=a---b --- c \nmodules=d o\n",
        "KERNEL=\\b.b00\nkernelopt=systemMediaSize=max x\nmodules=/b.b00 x  y --- /k.b00\n# a comment",
      ].map(encodeLatin1)),
    wordsOf(
      ..."kernel= kernelopt= modules= title= prefix= timeout= skip= errtimeout= acpitables= k= = # --- ---- / \\ ks=x"
        .split(" "),
      ...[" --- ", "---", " =", "\n", "\r\n", "\r", "\0", "\xa0", "\t", "\v", " ", "-1", "1", "5s"],
      ...["/esxiimg.tgz", "systemMediaSize=", "prefix=\n", "kernelopt=\n"],
      `modules=${"/m.v00 --- ".repeat(238)}\n`,
      `kernelopt=${"x".repeat(4050)}\n`,
    ),
    checkEdit,
  ),
};
