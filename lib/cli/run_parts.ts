/**
 * What `esxi-img kickstart` and `esxi-img payload` do.
 *
 * @module
 */

import { deriveGuid } from "../blocks/guid.ts";
import { FAT_EPOCH_MS } from "../blocks/fat_time.ts";
import {
  makeKickstart,
  makePayload,
  payloadIdentity,
  type PayloadOptions,
} from "../esxi/make_payload.ts";
import { PAYLOAD_NAME } from "../esxi/payload.ts";
import { readGuestFiles } from "../host/assets.ts";
import { sourceDateEpochSeconds } from "../host/clock.ts";
import { writeAndCommit } from "../host/commit.ts";
import { openOutput } from "../host/open_output.ts";
import { findOutputPlace } from "../host/output_place.ts";
import { checkStdoutOpen, writeStdout } from "../host/terminal.ts";
import { checkInputs } from "../checks/checks.ts";
import type { Finding } from "../blocks/finding.ts";
import { Failure } from "../blocks/failure.ts";
import { printResult } from "./results.ts";
import { stopFor, tell } from "./findings.ts";
import type { CommonFlags } from "./flags.ts";
import {
  type CompatFlags,
  hasSecret,
  inputPaths,
  type PayloadFlags,
  payloadOptions,
  readInputs,
} from "./payload_options.ts";

/** The options of kickstart and payload. */
export interface PartFlags extends CommonFlags, PayloadFlags {
  readonly output?: string | undefined;
  readonly force: boolean;
}

/**
 * Writes the kickstart.
 *
 * @throws {Failure} as {@linkcode readInputs} and {@linkcode stopFor}, and `exists` or `io` from the output.
 */
export async function runKickstart(flags: PartFlags & CompatFlags): Promise<void> {
  const { options, findings } = await readOptions(flags, false);
  const { kickstart } = makeKickstart(options, payloadIdentity(options));
  await write("kickstart", flags.output ?? "-", kickstart.bytes, findings, flags);
}

/**
 * Writes the payload.
 *
 * @throws {Failure} as {@linkcode readInputs} and {@linkcode stopFor}, and `exists` or `io` from the output.
 */
export async function runPayload(flags: PartFlags & CompatFlags): Promise<void> {
  const { options, findings } = await readOptions(flags, true);
  const timeSeconds = sourceDateEpochSeconds();
  const timeMs = timeSeconds === undefined ? FAT_EPOCH_MS : timeSeconds * 1000;
  const identity = payloadIdentity(options);
  const payload = makePayload(options, identity, timeMs, deriveGuid(identity, "disk"));
  await write("payload", flags.output ?? PAYLOAD_NAME, payload, findings, flags);
}

/**
 * What decides about a part, and what was found in it.
 *
 * @param isWhole Whether all that the host needs must be there.
 */
async function readOptions(
  flags: PartFlags & CompatFlags,
  isWhole: boolean,
): Promise<{ readonly options: PayloadOptions; readonly findings: readonly Finding[] }> {
  const inputs = await readInputs(flags);
  const findings = await checkInputs({ ...inputs, hasPayload: !isWhole });
  stopFor(findings, flags);
  return { options: { ...payloadOptions(inputs), guestFiles: await readGuestFiles() }, findings };
}

async function write(
  part: "kickstart" | "payload",
  path: string,
  bytes: Uint8Array,
  findings: readonly Finding[],
  flags: PartFlags,
): Promise<void> {
  const place = findOutputPlace(path);
  if (flags.json && place.kind === "stdout") {
    throw new Failure("usage", "--json", `standard output carries the ${part}`, "pass -o FILE");
  }
  if (place.kind === "stdout" && part === "kickstart") {
    if (flags.output !== undefined) checkStdoutOpen();
    writeStdout(bytes);
    return tell(findings, flags);
  }
  await writeAndCommit(async (add) => {
    const output = add(
      await openOutput(place, {
        force: flags.force,
        isSecret: hasSecret(flags),
        others: inputPaths(flags),
      }),
    );
    await output.write(bytes);
    await output.finish();
  });
  tell(findings, flags);
  if (flags.json) printResult({ part, output: path, outputBytes: bytes.length, findings });
}
