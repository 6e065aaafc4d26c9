/**
 * What deployers tell a host: config drives, MAAS's configuration and its metadata service. The
 * code that reads it is Python; one process reads case after case.
 *
 * @module
 */

import { Failure } from "../../lib/blocks/failure.ts";
import type { Target } from "./fuzzer.ts";
import { mutateJson } from "./json_mutator.ts";
import { changeBytes, wordsOf } from "./mutators.ts";
import { PythonReader } from "./python_reader.ts";
import type { Random } from "./random.ts";

const TESTDATA = `${import.meta.dirname}/../../testdata`;
const READER = `${import.meta.dirname}/metadata_reader.py`;
const MAX_FILE_BYTES = 50_000;

/** Files by name, one character for each byte. */
export interface Metadata {
  readonly kind: "openstack" | "curtin" | "answers";
  readonly files: Readonly<Record<string, string>>;
}

/** The files of a folder that are there. */
function readFiles(folder: string, names: readonly string[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of names) {
    try {
      files[name.split("/").at(-1)!] = decode(Deno.readFileSync(`${folder}/${name}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files;
}

function seeds(): Promise<Metadata[]> {
  const found: Metadata[] = [];
  const folders = (kind: string) =>
    [...Deno.readDirSync(`${TESTDATA}/${kind}`)].filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => `${TESTDATA}/${kind}/${name}`).toSorted();
  const config = ["meta_data", "network_data", "vendor_data", "vendor_data2"]
    .map((name) => `openstack/latest/${name}.json`);
  for (const folder of folders("openstack")) {
    const names = [...config, "openstack/latest/user_data", "nics.txt"];
    found.push({ kind: "openstack", files: readFiles(folder, names) });
  }
  const answers = ["local-hostname", "public-keys", "vendor-data", "nics.txt"];
  for (const folder of folders("maas")) {
    found.push({ kind: "curtin", files: readFiles(folder, ["config.json", "nics.txt"]) });
    found.push({ kind: "answers", files: readFiles(folder, answers) });
  }
  return Promise.resolve(found);
}

/** What YAML, MIME and scripts are made of. */
const WORDS = wordsOf(
  "#cloud-config\n",
  "#!/bin/sh\n",
  "Content-Type: multipart/mixed; boundary=x\n\n--x\n",
  "cloud-init: |\n",
  "runcmd:\n- [a, b]\n",
  "write_files:\n- {path: /x, content: y, encoding: gz+b64}\n",
  "esxi: {networks: {network0: {tags: vmotion, management: true, security: {}}}, unnumbered: true}\n",
  "esxi: {datastores: {x: [boot, naa.1]}, vcenter: {server: x, username: y, password: z}}\n",
  "phone_home: {url: http://x/, tries: 3}\n",
  "chpasswd: {users: [{name: root, password: x}]}\n",
  "users: [{name: root, ssh_authorized_keys: [x], sudo: y}]\n",
  ..."--- ... - : ? & * ! | > ' \" % @ ` [ ] { } , # ~ null true 0x1f 0o7 1_000 .5 1e9 \t \xa0 \xb2 \x85"
    .split(" "),
  " ",
  "\n",
  "\n  ",
  "\0",
  "\r\n",
  "\u2028",
  "\ufeff",
  " ".repeat(3000),
  "9".repeat(3000),
  "[".repeat(1200),
);

function mutate(input: Metadata, random: Random, others: readonly Metadata[]): Metadata {
  const files = { ...input.files };
  const name = random.pick(
    Object.keys(files).filter((name) => random.chance(1, 8) || name !== "nics.txt"),
  );
  if (name === undefined) return input;
  if (random.chance(1, 30)) delete files[name];
  else if (random.chance(1, 20)) {
    const other = random.pick(others.filter(({ kind }) => kind === input.kind)).files;
    const taken = random.pick(Object.keys(other));
    files[taken] = other[taken]!;
  } else files[name] = changeFile(files[name]!, random).slice(0, MAX_FILE_BYTES);
  return { ...input, files };
}

function changeFile(text: string, random: Random): string {
  if (random.chance(7, 8)) {
    try {
      const document = JSON.parse(new TextDecoder().decode(encode(text)));
      return decode(new TextEncoder().encode(JSON.stringify(mutateJson(document, random))));
    } catch {
      // not JSON, or no longer
    }
  }
  return decode(changeBytes(encode(text), random, WORDS));
}

function decode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function encode(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

let reader: PythonReader | undefined;

export const metadataTarget: Target<Metadata> = {
  name: "metadata",
  isWatched: false,
  seeds,
  mutate,
  async run(input) {
    reader ??= new PythonReader(READER);
    const { outcome, refusal, defect } = JSON.parse(await reader.ask(JSON.stringify(input)));
    if (defect !== undefined) throw new Error(defect);
    if (refusal !== undefined) throw new Failure("usage", input.kind, refusal, "");
    return `${input.kind}: ${outcome}`;
  },
  pack: (input) => new TextEncoder().encode(JSON.stringify(input, null, 1)),
  unpack: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
  async stop() {
    await reader?.stop();
    reader = undefined;
  },
};
