/**
 * Reads the files that go into a payload.
 *
 * @module
 */

import type { PayloadOptions } from "../build.ts";
import { Failure } from "../failure.ts";
import { readSmall } from "../host/files.ts";

const MAX_TEXT_BYTES = 1024 * 1024;

/** The options that decide about a payload. */
export interface PayloadFlags {
  readonly kickstart?: string;
  readonly metadata?: string;
  readonly rootPasswordFile?: string;
  readonly sshKey?: string;
  readonly installDisk?: string;
}

/** Reads what the options name. */
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
  };
}

/** The first line of a file; a password may begin or end with blanks. */
async function readPassword(path: string): Promise<string> {
  const lines = (await readText(path)).replace(/^\ufeff/, "").split(/\r?\n/);
  const [password, ...rest] = lines;
  if (password === "") {
    throw new Failure("usage", path, "the password is empty", "write it into the first line");
  }
  if (rest.some((line) => line !== "")) {
    throw new Failure(
      "usage",
      path,
      "it has more than one line",
      "write only the password into it",
    );
  }
  return password;
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
