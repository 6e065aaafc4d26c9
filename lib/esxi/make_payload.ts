/**
 * Makes the payload and its kickstart of what the user wants.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { formatGuid, type Guid } from "../blocks/guid.ts";
import { sha256 } from "../blocks/hashing.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { type MergedKickstart, mergeKickstart } from "./kickstart/merge.ts";
import { parseKickstart, statementsOf } from "./kickstart/parse.ts";
import { hashPassword } from "./password.ts";
import type { GuestFiles } from "./guest_files.ts";
import { packPayload, type PayloadFile } from "./payload.ts";

/** Options of the payload that are no files. */
export interface PayloadSwitches {
  /** Whether the kickstart replaces the default one, byte for byte. */
  readonly isKickstartAsIs?: boolean | undefined;
  /** Whether the kickstart is a template of the Python tool of the same name. */
  readonly isOldTemplate?: boolean | undefined;
  /** Arguments of the kickstart's `install`. */
  readonly installDisk?: string | undefined;
  /** Stop the installation where no metadata is found, even if the image has a password. */
  readonly requireMetadata?: boolean | undefined;
  /** Count Ed25519 keys as a login on ESXi 8 and later, whose SSH server may refuse them. */
  readonly allowEd25519?: boolean | undefined;
  /** Let MAAS deploy machines with UEFI Secure Boot, which get address and password alone. */
  readonly allowSecureBoot?: boolean | undefined;
  /** Join vCenters without checking their certificates. */
  readonly vcenterInsecure?: boolean | undefined;
  /** Name management's port group as MAAS names the interface. */
  readonly maasPortGroup?: boolean | undefined;
}

/** What goes into the payload; all but the guest files may be left out. */
export interface PayloadOptions extends PayloadSwitches {
  /** What the guest runs. */
  readonly guestFiles: GuestFiles;
  /** A kickstart to merge with the default one. */
  readonly kickstart?: Uint8Array | undefined;
  /** A password, or a crypt(3) hash. */
  readonly rootPassword?: string | undefined;
  /** Public keys that root may log in with, one line of authorized_keys each. */
  readonly sshKeys?: readonly string[] | undefined;
  /** CA certificates in PEM form, to check a vCenter by that hosts join. */
  readonly vcenterCa?: string | undefined;
  /** Metadata to embed. */
  readonly metadata?: readonly PayloadFile[] | undefined;
}

/**
 * Makes the payload by itself.
 *
 * @param identity What the salt derives from.
 * @param diskGuid The GUID of the disk that the image will be; an ISO and a server are none.
 */
export function makePayload(
  options: PayloadOptions,
  identity: Uint8Array,
  timeMs: number,
  diskGuid: Guid | undefined,
): Uint8Array {
  const { kickstart, rootPasswordHash } = makeKickstart(options, identity);
  return packPayload({
    kickstart: kickstart.bytes,
    facts: {
      format: 1,
      disk_guid: diskGuid === undefined ? null : formatGuid(diskGuid),
      install_disk: kickstart.installDisk ?? options.installDisk ?? null,
      root_password_hash: rootPasswordHash ?? null,
      ssh_keys: options.sshKeys ?? [],
      ...(kickstart.facts === undefined ? {} : { kickstart: kickstart.facts }),
      ...(kickstart.hasPassword ? { kickstart_password: true } : {}),
      ...(options.requireMetadata ? { require_metadata: true } : {}),
      ...(options.allowEd25519 ? { allow_ed25519: true } : {}),
      ...(options.allowSecureBoot ? { allow_secure_boot: true } : {}),
      ...(options.vcenterCa === undefined ? {} : { vcenter_ca: options.vcenterCa }),
      ...(options.vcenterInsecure ? { vcenter_insecure: true } : {}),
      ...(options.maasPortGroup ? { maas_port_group: true } : {}),
    },
    guest: options.guestFiles.payload,
    scripts: kickstart.files,
    metadata: options.metadata,
    timeSeconds: Math.floor(timeMs / 1000),
  });
}

/** A kickstart, and what was made of it if it was merged. */
export type MadeKickstart =
  & Pick<MergedKickstart, "bytes" | "hasPassword">
  & Partial<MergedKickstart>;

/**
 * Makes the kickstart by itself.
 *
 * @param identity What the salt of the password's hash derives from.
 */
export function makeKickstart(
  options: PayloadOptions,
  identity: Uint8Array,
): { readonly kickstart: MadeKickstart; readonly rootPasswordHash: string | undefined } {
  const rootPasswordHash = options.rootPassword === undefined
    ? undefined
    : hashPassword(options.rootPassword, identity);
  const { kickstart, isKickstartAsIs, installDisk, isOldTemplate } = options;
  if (kickstart !== undefined && isKickstartAsIs) {
    const statements = statementsOf(parseKickstart(decodeLatin1(kickstart)));
    const hasPassword = statements.some(({ name }) => name.value === "rootpw");
    return { kickstart: { bytes: kickstart, hasPassword }, rootPasswordHash };
  }
  const merged = mergeKickstart(kickstart, { rootPasswordHash, installDisk, isOldTemplate });
  return { kickstart: merged, rootPasswordHash };
}

/** What GUID and salt of a payload derive from that is made for no image in particular. */
export function payloadIdentity(options: PayloadOptions): Uint8Array {
  return digest(payloadInputs(options));
}

/** What decides about a payload but for the password: its hash takes its salt from here. */
export function payloadInputs(options: PayloadOptions): Record<string, unknown> {
  const files = (list: readonly PayloadFile[] = []) =>
    list.map(({ path, bytes }) => [path, sha256(bytes)]);
  return {
    guestFiles: options.guestFiles.sha256,
    kickstart: options.kickstart && sha256(options.kickstart),
    isKickstartAsIs: options.isKickstartAsIs || undefined,
    isOldTemplate: options.isOldTemplate || undefined,
    metadata: files(options.metadata),
    installDisk: options.installDisk,
    requireMetadata: options.requireMetadata || undefined,
    allowEd25519: options.allowEd25519 || undefined,
    allowSecureBoot: options.allowSecureBoot || undefined,
    vcenterCa: options.vcenterCa,
    vcenterInsecure: options.vcenterInsecure || undefined,
    maasPortGroup: options.maasPortGroup || undefined,
    sshKeys: options.sshKeys,
  };
}

/** SHA-256 of plain data. */
export function digest(inputs: Record<string, unknown>): Uint8Array {
  return new Uint8Array(createHash("sha256").update(JSON.stringify(inputs)).digest());
}
