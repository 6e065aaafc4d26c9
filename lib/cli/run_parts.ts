/**
 * What `esxi-img kickstart` and `esxi-img payload` do.
 *
 * @module
 */

import { deriveGuid } from "../blocks/guid.ts";
import { FAT_EPOCH_MS } from "../esxi/content.ts";
import { makeKickstart, makePayload, payloadIdentity } from "../esxi/make_payload.ts";
import { PAYLOAD_NAME } from "../esxi/payload.ts";
import { readGuestFiles } from "../host/assets.ts";
import { sourceDateEpochSeconds } from "../host/clock.ts";
import { writeAndCommit } from "../host/commit.ts";
import { openOutput } from "../host/open_output.ts";
import { findOutputPlace } from "../host/output_place.ts";
import { checkStdoutOpen, writeStdout } from "../host/terminal.ts";
import type { CommonFlags } from "./flags.ts";
import { inputPaths, type PayloadFlags, readPayloadOptions } from "./payload_options.ts";

/** The options of kickstart and payload. */
export interface PartFlags extends CommonFlags, PayloadFlags {
  readonly output?: string | undefined;
  readonly force: boolean;
}

/**
 * Writes the kickstart.
 *
 * @throws {Failure} as {@linkcode readPayloadOptions}, and `exists` or `io` from the output.
 */
export async function runKickstart(flags: PartFlags): Promise<void> {
  const options = { ...await readPayloadOptions(flags), guestFiles: await readGuestFiles() };
  const { kickstart } = makeKickstart(options, payloadIdentity(options));
  await write(flags.output ?? "-", kickstart, flags);
}

/**
 * Writes the payload.
 *
 * @throws {Failure} as {@linkcode readPayloadOptions}, and `exists` or `io` from the output.
 */
export async function runPayload(flags: PartFlags): Promise<void> {
  const options = { ...await readPayloadOptions(flags), guestFiles: await readGuestFiles() };
  const timeSeconds = sourceDateEpochSeconds();
  const timeMs = timeSeconds === undefined ? FAT_EPOCH_MS : timeSeconds * 1000;
  const identity = payloadIdentity(options);
  const payload = makePayload(options, identity, timeMs, deriveGuid(identity, "disk"));
  await write(flags.output ?? PAYLOAD_NAME, payload, flags);
}

async function write(path: string, bytes: Uint8Array, flags: PartFlags): Promise<void> {
  const place = await findOutputPlace(path);
  if (place.kind === "stdout" && bytes[0] !== 0x1f) {
    if (flags.output !== undefined) checkStdoutOpen();
    return writeStdout(bytes);
  }
  const hasSecret = flags.rootPasswordFile ?? flags.kickstart ?? flags.metadata;
  await writeAndCommit(async (add) => {
    const output = add(
      await openOutput(place, {
        force: flags.force,
        isSecret: hasSecret !== undefined,
        others: inputPaths(flags),
      }),
    );
    await output.write(bytes);
    await output.finish();
  });
}
