/**
 * What is text: boot.cfg, the command line, manifests.
 *
 * @module
 */

import {
  buildRouteMap,
  type Command,
  type CommandContext,
  type RouteMap,
  run as runApplication,
} from "@stricli/core";
import assert from "node:assert/strict";
import { decodeLatin1, encodeLatin1 } from "../../lib/blocks/latin1.ts";
import { application, routes } from "../../lib/cli/app.ts";
import { normalizeArguments } from "../../lib/cli/arguments.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { findSlip } from "../../lib/cli/usage/find_slip.ts";
import { parseBootCfg, resolveBootPath } from "../../lib/esxi/boot_cfg.ts";
import { editBootCfg } from "../../lib/esxi/edit_boot_cfg.ts";
import { parseManifest } from "../../lib/manifest/read.ts";
import { withinMemory } from "./bounds.ts";
import type { Target } from "./fuzzer.ts";
import { mutateJson } from "./json_mutator.ts";
import { changeBytes, wordsOf } from "./mutators.ts";
import { bootCfgText, moduleNames } from "../support/installer_iso.ts";
import { MANIFEST } from "../support/manifests.ts";

/** A target whose inputs are bytes, changed with the help of some words. */
export function bytesTarget(
  name: string,
  seeds: () => Promise<readonly Uint8Array[]>,
  words: readonly Uint8Array[],
  run: (bytes: Uint8Array) => Promise<string | undefined>,
): Target<Uint8Array> {
  return {
    name,
    seeds,
    mutate: (bytes, random, others) => {
      const pieces = random.chance(1, 8) ? others : words;
      return changeBytes(bytes, random, pieces).subarray(0, MAX_INPUT_BYTES);
    },
    run: (bytes) => withinMemory(bytes.length, () => run(bytes)),
    pack: (bytes) => bytes,
    unpack: (bytes) => bytes,
  };
}

/** Doubling again and again would find nothing but its own slowness. */
const MAX_INPUT_BYTES = 100_000;

const EDITS = {
  modules: ["/esxiimg.tgz", "/extra.v00"],
  kickstart: "file:///esxiimg/KS.CFG",
  kernelOptions: ["systemMediaSize=min", "a b"],
};

/** Editing keeps everything else as it was, and editing again changes nothing. */
function editTwice(bytes: Uint8Array): Promise<undefined> {
  const text = decodeLatin1(bytes);
  const before = parseBootCfg(text, "/BOOT.CFG");
  const edited = editBootCfg(text, EDITS, "/BOOT.CFG");
  assert.equal(editBootCfg(edited, EDITS, "/BOOT.CFG"), edited, "a second edit changes something");
  const after = parseBootCfg(edited, "/BOOT.CFG");
  assert.deepEqual(after.modules.slice(0, before.modules.length), before.modules);
  const paths = after.modules.map(({ path }) => path.toLowerCase());
  for (const module of EDITS.modules) assert.ok(paths.includes(module), `${module} is missing`);
  assert.ok(after.kernelOptions.endsWith(`ks=${EDITS.kickstart}`));
  const { title, build, kernel, prefix } = before;
  const { acpiTables } = before;
  assert.deepEqual({ ...after, modules: 0, kernelOptions: 0 }, {
    acpiTables,
    title,
    build,
    kernel,
    prefix,
    modules: 0,
    kernelOptions: 0,
  });
  for (const { path } of after.modules) resolveBootPath(path, after, "EFI/BOOT");
  return Promise.resolve(undefined);
}

export const bootCfgTarget = bytesTarget(
  "boot-cfg",
  () =>
    Promise.resolve([
      bootCfgText(moduleNames(12)),
      bootCfgText(moduleNames(7)).replaceAll("\n", "\r\n"),
      "kernel=/tboot.b00\nkernelopt=runweasel\nmodules=/b.b00 x y --- /k.b00\nbuild=\n# a comment",
      "KERNEL=b.b00\nprefix=/ESX\nkernelopt=ks=http://h/k a ks=x\nmodules=a---b --- c \nmodules=d",
    ].map(encodeLatin1)),
  wordsOf(
    ..."kernel= kernelopt= modules= title= prefix= build= timeout= mod= k= = # --- ---- / ks=x ks= \t"
      .split(" "),
    " --- ",
    " =",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\xa0",
    "\ufeff",
    "/esxiimg.tgz",
    " ",
    `modules=${"/m.v00 --- ".repeat(238)}\n`,
    `kernelopt=${"x".repeat(4050)}\n`,
  ),
  editTwice,
);

/** The commands with nothing behind them. */
const idleRoutes: RouteMap<CommandContext> = buildRouteMap({
  routes: Object.fromEntries(
    routes.getAllEntries().map(({ name, target }) => {
      const command = target as Command<CommandContext>;
      return [name.original, { ...command, loader: () => Promise.resolve(() => {}) }];
    }),
  ) as Record<string, Command<CommandContext>>,
  docs: { brief: "commands that do nothing" },
});

/** Whatever is given, it is taken, or refused with a line for each thing that is wrong. */
async function parseArguments(bytes: Uint8Array): Promise<string | undefined> {
  const args = decodeArguments(bytes);
  let stderr = "";
  const process = {
    stdout: { write: () => {} },
    stderr: { write: (text: string) => void (stderr += text) },
    exitCode: null as number | string | null,
  };
  const commands = listCommands(idleRoutes);
  const words = normalizeArguments(args, commands.map(({ name }) => name));
  const slip = findSlip(words, commands);
  await runApplication(application(idleRoutes, false), words, { process });
  if (slip !== undefined) assert.notEqual(slip.what, "");

  if (process.exitCode === 0 || process.exitCode === null) return undefined;
  assert.doesNotMatch(stderr, /internal error/);
  assert.match(stderr, /^(esxi-img: \P{Cc}+\n)+$/u);
  return "refused";
}

const COMMAND_LINES = [
  "build in.iso -o out.img.gz --root-password-file pw --force -q --json --no-color",
  "-o out in.iso --install-disk --firstdisk --kernelopt -x --kernelopt=a=b --free 64M",
  "verify image --iso in.iso --json",
  "inspect --json file",
  "convert a b --format vmdk --size 1.5GiB",
  "gen-img in out --ks-template f",
  "kickstart --ssh-key k --metadata d",
  "payload -o - -k ks",
  "--help",
  "--version",
].map((line) => new TextEncoder().encode(line.replaceAll(" ", "\0")));

const ARGUMENTS = [
  ...("- -- --= -h -H -v -ooo -f=gz --help-all --helpAll --debug --json=false --no-force --noColor --free " +
    "--size --size=1e99 0.5T -1 9007199254740993 64M --kernelopt --install-disk= --label ../ a.iso b.ISO " +
    "__proto__ constructor --constructor --toString=1 --__proto__ build verify gen-img payload")
    .split(" "),
  "",
  " ",
  "\n",
  "\x1b[2J",
  "\u202e",
  "x".repeat(10_000),
];

export const argumentsTarget: Target<Uint8Array> = {
  ...bytesTarget("arguments", () => Promise.resolve(COMMAND_LINES), [], parseArguments),
  mutate(input, random, others) {
    const args = decodeArguments(input);
    const at = random.below(args.length + 1);
    const encoder = new TextEncoder();
    switch (random.below(5)) {
      case 0:
        args.splice(at, 1);
        break;
      case 1:
        args.splice(at, 0, random.pick(decodeArguments(random.pick(others))));
        break;
      case 2:
        args[at] = decodeArguments(changeBytes(encoder.encode(args[at]), random))[0]!;
        break;
      default:
        args.splice(at, random.below(2), random.pick(ARGUMENTS));
    }
    return encoder.encode(args.slice(0, 40).join("\0"));
  },
};

/** Arguments end with a zero byte, as the system passes them. */
function decodeArguments(bytes: Uint8Array): string[] {
  return new TextDecoder().decode(bytes).split("\0");
}

/** A manifest with something of everything. */
const FULL_MANIFEST = {
  ...MANIFEST,
  options: { kernelopt: ["a=b"] },
  files: ["iso", "edited", "added"].map((origin, i) => ({
    path: `A/B${i}`,
    sizeBytes: i,
    sha256: "f".repeat(64),
    origin,
  })),
};

const encodeJson = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

export const manifestTarget: Target<Uint8Array> = {
  ...bytesTarget("manifest", () => Promise.resolve([encodeJson(FULL_MANIFEST)]), [], (bytes) => {
    const text = new TextDecoder().decode(bytes);
    const manifest = parseManifest(text, "m.json");
    assert.deepEqual(parseManifest(JSON.stringify(manifest), "m.json"), manifest);
    return Promise.resolve(undefined);
  }),
  mutate(input, random) {
    if (random.chance(1, 10)) return changeBytes(input, random);
    try {
      return encodeJson(mutateJson(JSON.parse(new TextDecoder().decode(input)), random));
    } catch {
      return changeBytes(input, random);
    }
  },
};
