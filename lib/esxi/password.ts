/**
 * Root's password, as a hash.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { sha512Crypt } from "./sha512_crypt.ts";

/** crypt(5): MD5, SHA-256 and SHA-512 hashes, which ESXi's `rootpw --iscrypted` takes. */
const CRYPT_HASH =
  /^\$(?:1\$[^$:\s]{0,8}\$[./0-9A-Za-z]{22}|5\$(?:rounds=\d+\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]{43}|6\$(?:rounds=\d+\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]{86})$/;
/** How those begin. */
const CRYPT_PREFIX = /^\$[156]\$/;
/** crypt(5): how hashes begin that ESXi does not take: yescrypt, bcrypt, scrypt, NT, and others. */
const OTHER_CRYPT_PREFIX = /^\$(?:y|gy|7|2[abxy]?|3|md5|sha1|argon2\w*|pbkdf2\S*|apr1|sm3)[$,]/;
/** shadow(5): a name, a hash or its absence, and numbers of days. */
const SHADOW_LINE = /^[a-z_][\w.-]*:[^:]*:\d*:(?:\d*:)*/i;
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

/**
 * What is wrong with a text that stands where a hash may stand, if anything is: it looks like a hash
 * that ESXi does not take. Nothing of the text is repeated.
 */
export function hashProblem(text: string): string | undefined {
  if (CRYPT_HASH.test(text)) return undefined;
  if (SHADOW_LINE.test(text)) return "it is a line of a shadow file";
  if (OTHER_CRYPT_PREFIX.test(text)) return "it is a hash of a kind that ESXi does not take";
  if (CRYPT_PREFIX.test(text)) return "it is a hash that is incomplete or damaged";
  return undefined;
}

/** Whether a text is a hash that ESXi takes. */
export function isCryptHash(text: string): boolean {
  return CRYPT_HASH.test(text);
}

/** ESXi's `Security.PasswordQualityControl`: `min=disabled,disabled,disabled,7,7`. */
const MIN_CHARACTERS = 7;
const MIN_CLASSES = 3;

/**
 * What ESXi's default policy has against a password, if anything. It is pam_passwdqc's: a capital at
 * the beginning and a digit at the end are of no class.
 */
export function passwordWeakness(password: string): string | undefined {
  if (password.length < MIN_CHARACTERS) return `it has fewer than ${MIN_CHARACTERS} characters`;
  const counted = password.replace(/^[A-Z]/, "").replace(/[0-9]$/, "");
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((one) => one.test(counted));
  return classes.length < MIN_CLASSES
    ? `it has fewer than ${MIN_CLASSES} of small letters, capitals, digits and other characters`
    : undefined;
}
