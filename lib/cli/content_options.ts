/**
 * Reads what decides about the content of every medium.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { Guid } from "../blocks/guid.ts";
import type { Inputs } from "../checks/inputs.ts";
import { parseBootOption } from "../esxi/boot_options.ts";
import type { ContentOptions } from "../esxi/content.ts";
import { payloadDiskGuid, unpackPayload } from "../esxi/payload.ts";
import { readGuestFiles } from "../host/assets.ts";
import { sourceDateEpochSeconds } from "../host/clock.ts";
import { readSmall } from "../host/files.ts";
import { baseName } from "../host/paths.ts";
import { type PayloadFlags, payloadOptions } from "./payload_options.ts";

/** The options, besides those of the payload. */
export interface ContentFlags {
  readonly payload?: string | undefined;
  readonly module?: readonly string[] | undefined;
  readonly kernelopt?: readonly string[] | undefined;
  readonly bootOption?: readonly string[] | undefined;
  readonly seed?: string | undefined;
}

const MAX_PAYLOAD_BYTES = 1024 * 1024 * 1024;

/**
 * Reads what the options name.
 *
 * @param inputs What was read of the payload's.
 * @param modules The files that `--module` names.
 * @returns `diskGuid` is that of a payload that was made before.
 * @throws {Failure} `kickstart` or `boot-cfg` if the payload is none, `io` if it cannot be read.
 */
export async function readContentOptions(
  flags: ContentFlags,
  inputs: Inputs,
  modules: readonly Source[],
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
    modules: modules.map((source) => ({ name: baseName(source.name), source })),
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
