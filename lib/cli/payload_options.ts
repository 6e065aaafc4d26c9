/**
 * Reads the files that go into a payload.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { PayloadOptions } from "../esxi/make_payload.ts";
import type { PayloadFile } from "../esxi/payload.ts";
import { fileExists, listFolders, readSmall } from "../host/files.ts";
import { askPassword, isTyped } from "../host/prompt.ts";

const MAX_TEXT_BYTES = 1024 * 1024;
/** As in crypt(3): hashing a password takes time in the square of its length. */
const MAX_PASSWORD_CHARACTERS = 512;
/** What a config drive holds below openstack/latest. */
const METADATA_FILES = [
  "meta_data.json",
  "network_data.json",
  "user_data",
  "vendor_data.json",
  "vendor_data2.json",
];

/** The options that decide about a payload. */
export interface PayloadFlags {
  readonly kickstart?: string | undefined;
  readonly metadata?: string | undefined;
  readonly rootPasswordFile?: string | undefined;
  readonly sshKey?: string | undefined;
  readonly installDisk?: string | undefined;
  readonly requireMetadata: boolean;
  readonly allowEd25519: boolean;
}

/** The files that the options name. */
export function inputPaths(flags: PayloadFlags): string[] {
  const { kickstart, rootPasswordFile, sshKey, metadata } = flags;
  return [
    ...[kickstart, rootPasswordFile, sshKey].filter((path) => path !== undefined),
    ...metadata === undefined ? [] : metadataPaths(metadata),
  ];
}

/** Where metadata may lie in a folder, for one host or for several. */
function metadataPaths(folder: string): string[] {
  const hosts = listFolders(`${folder}/hosts`).map((name) => `${folder}/hosts/${name}`);
  return [folder, ...hosts].flatMap((place) => [place, `${place}/openstack/latest`])
    .flatMap((place) => METADATA_FILES.map((name) => `${place}/${name}`));
}

/**
 * Reads what the options name.
 *
 * @throws {Failure} `usage` if a file does not hold what its option says, `io` if it cannot be
 * read.
 */
export async function readPayloadOptions(
  flags: PayloadFlags,
): Promise<Omit<PayloadOptions, "guestFiles">> {
  const { kickstart, rootPasswordFile, sshKey, installDisk } = flags;
  if (installDisk !== undefined && /[\r\n]/.test(installDisk)) {
    throw new Failure("usage", "--install-disk", "it holds a line break", "pass one line");
  }
  return {
    kickstart: kickstart === undefined ? undefined : await readSmall(kickstart, MAX_TEXT_BYTES),
    rootPassword: rootPasswordFile === undefined ? undefined : await readPassword(rootPasswordFile),
    sshKeys: sshKey === undefined ? undefined : await readKeys(sshKey),
    installDisk,
    requireMetadata: flags.requireMetadata,
    allowEd25519: flags.allowEd25519,
    metadata: flags.metadata === undefined ? undefined : await readMetadata(flags.metadata),
  };
}

/** Reads what a folder holds of OpenStack's files; it may also be the root of a config drive. */
async function readMetadata(folder: string): Promise<PayloadFile[]> {
  const files: PayloadFile[] = [];
  for (const place of [folder, `${folder}/openstack/latest`]) {
    for (const name of METADATA_FILES) {
      const path = `${place}/${name}`;
      if (!await fileExists(path)) continue;
      const bytes = await readSmall(path, MAX_TEXT_BYTES);
      if (name.endsWith(".json")) checkJson(bytes, path);
      files.push({ path: name, bytes });
    }
    if (files.length > 0) return files;
  }
  throw new Failure(
    "usage",
    folder,
    `it holds none of ${METADATA_FILES.join(", ")}`,
    "pass the folder with the metadata",
  );
}

function checkJson(bytes: Uint8Array, path: string): void {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new Failure("usage", path, "it is not JSON", "correct it", cause);
  }
}

/** The first line of a file; a password may begin or end with blanks. */
async function readPassword(path: string): Promise<string> {
  const password = path === "-" && isTyped() ? await askPassword() : await readFirstLine(path);
  if (password === "") {
    throw new Failure("usage", path, "the password is empty", "write it into the first line");
  }
  if (password.length > MAX_PASSWORD_CHARACTERS) {
    const what = `the password has more than ${MAX_PASSWORD_CHARACTERS} characters`;
    throw new Failure("usage", path, what, "pass a file with the password alone");
  }
  return password;
}

async function readFirstLine(path: string): Promise<string> {
  const lines = (await readText(path)).replace(/^\ufeff/, "").split(/\r?\n/);
  const [first = "", ...rest] = lines;
  if (rest.some((line) => line !== "")) {
    throw new Failure(
      "usage",
      path,
      "it has more than one line",
      "write only the password into it",
    );
  }
  return first;
}

async function readKeys(path: string): Promise<string[]> {
  const keys = (await readText(path)).split(/\r?\n/).map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const wrong = keys.find((key) => !/(^|\s)(ssh|ecdsa|sk)-[^\s]+\s+[A-Za-z0-9+/]+=*/.test(key));
  if (wrong !== undefined || keys.length === 0) {
    throw new Failure("usage", path, "it holds no public key", "pass a file like id_ed25519.pub");
  }
  return keys;
}

async function readText(path: string): Promise<string> {
  const bytes = await readSmall(path, MAX_TEXT_BYTES);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Failure("usage", path, "it is not UTF-8 text", "save it as UTF-8", cause);
  }
}
