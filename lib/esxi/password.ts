/**
 * Root's password, as a hash.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { sha512Crypt } from "./sha512_crypt.ts";

/** crypt(5): MD5, SHA-256 and SHA-512 hashes, which ESXi's `rootpw --iscrypted` takes. */
const CRYPT_HASH = /^\$(1|5|6)\$(rounds=\d+\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]{22,86}$/;
/** crypt(5): a SHA-512 salt has at most 16 characters. */
const SALT_CHARACTERS = 16;

/**
 * Hashes a password with SHA-512 crypt. A string that is such a hash already is returned as it is.
 *
 * The salt derives from the image's identity, so that the same inputs give the same image; images
 * of one identity that differ only in the password share it.
 */
export function hashPassword(password: string, identity: Uint8Array): string {
  if (CRYPT_HASH.test(password)) return password;
  const salt = createHash("sha256").update(identity).update("salt").digest("base64")
    .replaceAll("+", ".").slice(0, SALT_CHARACTERS);
  return sha512Crypt(password, salt);
}
