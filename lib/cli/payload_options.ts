/**
 * Reads the files that go into a payload.
 *
 * @module
 */

import type { PayloadOptions } from "../esxi/make_payload.ts";
import type { InputFile, Inputs, MetadataFile } from "../checks/inputs.ts";
import { failureOf, finding } from "../checks/codes.ts";
import { readPassword } from "../checks/password.ts";
import { readCertificates } from "../checks/certificates.ts";
import { readSshKeys } from "../checks/ssh_keys.ts";
import { Failure } from "../blocks/failure.ts";
import { fileExists, isFolder, listFolders, listNames, readSmall } from "../host/files.ts";
import { askPassword, isTyped } from "../host/prompt.ts";

const MAX_TEXT_BYTES = 1024 * 1024;
/** What a config drive holds below openstack/latest. */
const METADATA_FILES = [
  "meta_data.json",
  "network_data.json",
  "user_data",
  "vendor_data.json",
  "vendor_data2.json",
];

/** What the payload's tar leaves of 100 bytes for a host's name, see `lib/esxi/tar.ts`. */
const HOST_NAME_BYTES = 55;
const HOST_NAME = new RegExp(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,${HOST_NAME_BYTES - 1}}$`);

/** The options that decide about a payload. */
export interface PayloadFlags {
  readonly kickstart?: string | undefined;
  readonly kickstartAsIs?: string | undefined;
  readonly metadata?: string | undefined;
  readonly rootPasswordFile?: string | undefined;
  readonly sshKey?: string | undefined;
  readonly installDisk?: string | undefined;
  readonly requireMetadata: boolean;
  readonly allowEd25519: boolean;
  readonly allowSecureBoot: boolean;
  readonly vcenterCa?: string | undefined;
  readonly vcenterInsecure: boolean;
  readonly maasPortGroup: boolean;
  readonly strict: boolean;
}

/** What the commands of the Python tool of the same name ask for, which is no option. */
export interface CompatFlags {
  /** Whether the kickstart is a template of that tool. */
  readonly isOldTemplate?: boolean;
}

/** The files that the options name. */
export function inputPaths(flags: PayloadFlags): string[] {
  const { kickstart, kickstartAsIs, rootPasswordFile, sshKey, vcenterCa, metadata } = flags;
  return [
    ...[kickstart, kickstartAsIs, rootPasswordFile, sshKey, vcenterCa].filter((path) =>
      path !== undefined
    ),
    ...metadata === undefined ? [] : metadataPaths(metadata),
  ];
}

/** Whether what is made holds what others on the machine should not read. */
export function hasSecret(
  flags: PayloadFlags & { readonly payload?: string | undefined },
): boolean {
  const { rootPasswordFile, kickstart, kickstartAsIs, payload, metadata } = flags;
  return (rootPasswordFile ?? kickstart ?? kickstartAsIs ?? payload ?? metadata) !== undefined;
}

/** Where metadata may lie in a folder, for one host or for several. */
function metadataPaths(folder: string): string[] {
  const hosts = listFolders(`${folder}/hosts`).map((name) => `${folder}/hosts/${name}`);
  return [folder, ...hosts].flatMap((host) =>
    placesIn(host).flatMap((place) => filesIn(place).map((name) => `${place}/${name}`))
  );
}

/** Where a host's files may lie: in its folder, which may also be the root of a config drive. */
function placesIn(host: string): string[] {
  return [host, `${host}/openstack/latest`];
}

/** Names of metadata in a folder. It is listed once: of thousands of hosts most files are not there. */
function filesIn(place: string): string[] {
  const names = listNames(place);
  return names.size === 0 ? [] : METADATA_FILES.filter((name) => names.has(name));
}

/**
 * Reads what the options name.
 *
 * @throws {Failure} `usage` if options exclude each other or a folder holds no metadata, `io` if a
 * file cannot be read.
 */
export async function readInputs(flags: PayloadFlags & CompatFlags): Promise<Inputs> {
  const { kickstart, kickstartAsIs, rootPasswordFile, sshKey, installDisk, metadata } = flags;
  if (kickstart !== undefined && kickstartAsIs !== undefined) {
    const what = "there is a kickstart already, from -k";
    throw new Failure("usage", "--kickstart-as-is", what, "pass one of the two");
  }
  if (installDisk !== undefined && /[\r\n]/.test(installDisk)) {
    throw new Failure("usage", "--install-disk", "it holds a line break", "pass one line");
  }
  return {
    kickstart: await readInput(kickstart ?? kickstartAsIs),
    isKickstartAsIs: kickstartAsIs !== undefined,
    isOldTemplate: flags.isOldTemplate,
    rootPassword: rootPasswordFile === "-" && isTyped()
      ? { path: "standard input", bytes: new TextEncoder().encode(await askPassword()) }
      : await readPasswordFile(rootPasswordFile),
    sshKeys: await readInput(sshKey),
    installDisk,
    requireMetadata: flags.requireMetadata,
    allowEd25519: flags.allowEd25519,
    allowSecureBoot: flags.allowSecureBoot,
    vcenterCa: await readInput(flags.vcenterCa),
    vcenterInsecure: flags.vcenterInsecure,
    maasPortGroup: flags.maasPortGroup,
    metadata: metadata === undefined ? undefined : await readMetadata(metadata),
  };
}

async function readInput(path: string | undefined): Promise<InputFile | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readSmall(path, MAX_TEXT_BYTES);
  return { path: path === "-" ? "standard input" : path, bytes };
}

/** Reads it. A name that is no file's may be the password itself, which nothing repeats. */
async function readPasswordFile(path: string | undefined): Promise<InputFile | undefined> {
  try {
    return await readInput(path);
  } catch (error) {
    const isName = path !== undefined && path !== "-" && !/[/\\]/.test(path);
    if (!isName || await fileExists(path) || isFolder(path)) throw error;
    const remedy = "pass the name of a file that holds the password";
    throw new Failure("io", "--root-password-file", "there is no such file", remedy, error);
  }
}

/** What the build makes of inputs that were checked. */
export function payloadOptions(inputs: Inputs): Omit<PayloadOptions, "guestFiles"> {
  const { kickstart, rootPassword, sshKeys, metadata } = inputs;
  return {
    kickstart: kickstart?.bytes,
    isKickstartAsIs: inputs.isKickstartAsIs || undefined,
    isOldTemplate: (kickstart !== undefined && inputs.isOldTemplate) || undefined,
    rootPassword: rootPassword && readPassword(rootPassword.bytes),
    sshKeys: sshKeys && readSshKeys(sshKeys.bytes),
    installDisk: inputs.installDisk,
    requireMetadata: inputs.requireMetadata,
    allowEd25519: inputs.allowEd25519,
    allowSecureBoot: inputs.allowSecureBoot,
    vcenterCa: inputs.vcenterCa && readCertificates(inputs.vcenterCa.bytes),
    vcenterInsecure: inputs.vcenterInsecure,
    maasPortGroup: inputs.maasPortGroup,
    metadata: metadata?.map(({ name, bytes }) => ({ path: name, bytes })),
  };
}

/**
 * Reads the metadata of one host, or of many: a folder `hosts/NAME` for each.
 *
 * @throws {Failure} `usage` if the folder holds none, or both; `io` if a file cannot be read.
 */
export async function readMetadata(folder: string): Promise<MetadataFile[]> {
  const one = await readHost(folder);
  const names = listFolders(`${folder}/hosts`).toSorted();
  if (one.length > 0 && names.length > 0) {
    const what = "it holds metadata of its own, and of hosts";
    throw new Failure("usage", folder, what, "keep one host's files in it, or hosts/NAME folders");
  }
  if (names.length > 0) return await readHosts(folder, names);
  if (one.length > 0) return one;
  if (await fileExists(folder)) {
    throw new Failure("usage", folder, "it is a file", "pass the folder that it is in");
  }
  if (!isFolder(folder)) {
    throw new Failure("usage", folder, "there is no such folder", "check the path");
  }
  const below = await fileExists(`${folder}/latest/meta_data.json`)
    ? `pass ${folder}/latest`
    : undefined;
  const what = `it holds none of ${METADATA_FILES.join(", ")}, and no hosts/NAME folders`;
  throw failureOf(finding("metadata-folder", folder, what, below));
}

async function readHosts(folder: string, names: readonly string[]): Promise<MetadataFile[]> {
  const files: MetadataFile[] = [];
  for (const name of names) {
    const place = `${folder}/hosts/${name}`;
    if (!HOST_NAME.test(name)) {
      const remedy = `use up to ${HOST_NAME_BYTES} of A-Z, a-z, 0-9, dots, hyphens and underscores`;
      throw new Failure("usage", place, "its name cannot be a host's", remedy);
    }
    const found = await readHost(place);
    if (found.length === 0) {
      const what = `it holds none of ${METADATA_FILES.join(", ")}`;
      throw new Failure("usage", place, what, "remove it, or add the host's metadata");
    }
    files.push(...found.map((file) => ({ ...file, name: `hosts/${name}/${file.name}` })));
  }
  return files;
}

/** Reads what a folder holds of OpenStack's files; it may also be the root of a config drive. */
async function readHost(folder: string): Promise<MetadataFile[]> {
  const files: MetadataFile[] = [];
  for (const place of placesIn(folder)) {
    for (const name of filesIn(place)) {
      const path = `${place}/${name}`;
      if (!await fileExists(path)) continue;
      const bytes = await readSmall(path, MAX_TEXT_BYTES);
      files.push({ path, name, bytes });
    }
    if (files.length > 0) return files;
  }
  return files;
}
