/**
 * Checks that somebody will be able to log in.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { mergeKickstart } from "../esxi/kickstart/merge.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

/** Checks whether the image itself lets anybody log in. */
export function checkLogin(inputs: Inputs): Finding[] {
  const { rootPassword, sshKeys, metadata, hasPayload, kickstart, isKickstartAsIs } = inputs;
  if (rootPassword ?? sshKeys ?? metadata) return [];
  if (hasPayload || isKickstartAsIs) return []; // what they bring is not looked into here
  if (kickstart !== undefined && !decodeLatin1(kickstart.bytes).includes("\0")) {
    const { facts, hasPassword } = mergeKickstart(kickstart.bytes, inputs);
    if (hasPassword || facts.includes.length > 0) return [];
  }
  const what = "nobody could log in: there is no password, no key and no metadata";
  return [finding("login-none", "--root-password-file", what)];
}
