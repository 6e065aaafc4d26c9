/**
 * Reads what decides about the content of every medium.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { Guid } from "../blocks/guid.ts";
import { type InputFile, type Inputs, MODULE_HEAD_BYTES } from "../checks/inputs.ts";
import type { Driver } from "../esxi/drivers/open.ts";
import { parseBootOption } from "../esxi/boot_options.ts";
import type { ContentOptions } from "../esxi/content.ts";
import { payloadDiskGuid, unpackPayload } from "../esxi/payload.ts";
import { readGuestFiles } from "../host/assets.ts";
import { sourceDateEpochSeconds } from "../host/clock.ts";
import { readSmall } from "../host/files.ts";
import { baseName } from "../host/paths.ts";
import {
  type CompatFlags,
  inputPaths,
  type PayloadFlags,
  payloadOptions,
  readInputs,
} from "./payload_options.ts";

/** The options, besides those of the payload. */
export interface ContentFlags {
  readonly payload?: string | undefined;
  readonly module?: readonly string[] | undefined;
  readonly driver?: readonly string[] | undefined;
  readonly allowCommunityDrivers: boolean;
  readonly kernelopt?: readonly string[] | undefined;
  readonly bootOption?: readonly string[] | undefined;
  readonly seed?: string | undefined;
}

const MAX_PAYLOAD_BYTES = 1024 * 1024 * 1024;

/** Every file that is read for a medium, the ISO first. */
export function contentPaths(flags: ContentFlags & PayloadFlags, isoPath: string): string[] {
  const payload = flags.payload === undefined ? [] : [flags.payload];
  return [isoPath, ...inputPaths(flags), ...modulePaths(flags), ...payload];
}

/** The files of boot modules and drivers, which stay open until the medium is written. */
export function modulePaths({ module = [], driver = [] }: ContentFlags): string[] {
  return [
    ...module,
    ...driver.map((path) => isModuleOnly(path) ? path.slice(0, -MODULE_ONLY.length) : path),
  ];
}

/** Ends the path of a driver that hosts only load. */
const MODULE_ONLY = ":module-only";

function isModuleOnly(path: string): boolean {
  return path.endsWith(MODULE_ONLY);
}

/**
 * Reads the files that the options name, all of the drivers, and the beginnings of the modules.
 *
 * @param files Those of {@linkcode modulePaths}.
 * @throws {Failure} as {@linkcode readInputs}, `not-driver` if a driver cannot be used, `io` if a
 * module cannot be read.
 */
export async function readContentInputs(
  flags: ContentFlags & PayloadFlags & CompatFlags,
  files: readonly Source[],
): Promise<Inputs> {
  const modules = modulesOf(flags, files);
  const drivers: Driver[] = [];
  for (const [i, file] of files.slice(modules.length).entries()) {
    const driver = await (await import("../esxi/drivers/open.ts")).openDriver(file);
    drivers.push({ ...driver, isModuleOnly: isModuleOnly(flags.driver?.[i] ?? "") });
  }
  const asTheyAre = drivers.filter(({ kind }) => kind === "module").map(({ source }) => source);
  return {
    ...await readInputs(flags),
    modules: await Promise.all([...modules, ...asTheyAre].map(readHead)),
    drivers,
    allowCommunityDrivers: flags.allowCommunityDrivers,
    hasPayload: flags.payload !== undefined,
  };
}

function modulesOf({ module = [] }: ContentFlags, files: readonly Source[]): readonly Source[] {
  return files.slice(0, module.length);
}

async function readHead(module: Source): Promise<InputFile> {
  const lengthBytes = Math.min(MODULE_HEAD_BYTES, module.sizeBytes);
  return { path: module.name, bytes: await readBytes(module, 0, lengthBytes) };
}

/**
 * Reads what the options name.
 *
 * @param inputs What was read of the payload's.
 * @param files Those of {@linkcode modulePaths}.
 * @returns `diskGuid` is that of a payload that was made before.
 * @throws {Failure} `kickstart` or `boot-cfg` if the payload is none, `io` if it cannot be read.
 */
export async function readContentOptions(
  flags: ContentFlags,
  inputs: Inputs,
  files: readonly Source[],
): Promise<ContentOptions & { readonly diskGuid: Guid | undefined }> {
  const payload = flags.payload === undefined
    ? undefined
    : await readSmall(flags.payload, MAX_PAYLOAD_BYTES);
  const parts = payload && await unpackPayload(payload, flags.payload ?? "");
  return {
    ...payloadOptions(inputs),
    guestFiles: await readGuestFiles(),
    payload,
    diskGuid: parts && payloadDiskGuid(parts),
    modules: modulesOf(flags, files)
      .map((source) => ({ name: baseName(source.name), source })),
    drivers: inputs.drivers,
    allowCommunity: inputs.allowCommunityDrivers,
    kernelOptions: flags.kernelopt,
    bootOptions: flags.bootOption?.map(parseBootOption),
    seed: flags.seed,
    timeSeconds: sourceDateEpochSeconds(),
  };
}

/**
 * Checks that a finished payload stands alone.
 *
 * @throws {Failure} `usage` if there is something besides that would go into it.
 */
export function checkPayloadFlags(flags: ContentFlags & PayloadFlags): void {
  const { kickstart, kickstartAsIs, rootPasswordFile, sshKey, metadata } = flags;
  const part = kickstart ?? kickstartAsIs ?? rootPasswordFile ?? sshKey ?? metadata;
  if (flags.payload === undefined || part === undefined) return;
  throw new Failure(
    "usage",
    "--payload",
    "a finished payload has its own kickstart, password, keys and metadata",
    "pass those to esxi-img payload, or leave --payload out",
  );
}
