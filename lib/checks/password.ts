/**
 * Checks the file with root's password.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { hashProblem, isCryptHash, passwordWeakness } from "../esxi/password.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";
import { decodeText } from "./text.ts";

/** As in crypt(3): hashing a password takes time in the square of its length. */
const MAX_PASSWORD_CHARACTERS = 512;

/** Checks the password that was given, if one was. */
export function checkPassword({ rootPassword }: Inputs): Finding[] {
  if (rootPassword === undefined) return [];
  const { path } = rootPassword;
  const text = decodeText(rootPassword.bytes);
  if (text === undefined) return [finding("text-encoding", path, "it is not UTF-8 text")];
  const [password = "", ...rest] = text.split(/\r?\n/);
  if (password === "") return [finding("password-empty", path, "the password is empty")];
  if (rest.some((line) => line !== "")) {
    return [finding("password-lines", path, "it has more than one line")];
  }
  if (password.length > MAX_PASSWORD_CHARACTERS) {
    const what = `the password has more than ${MAX_PASSWORD_CHARACTERS} characters`;
    return [finding("password-lines", path, what, "pass a file with the password alone")];
  }
  const problem = hashProblem(password.trim());
  if (problem !== undefined) return [finding("password-kind", path, problem)];
  const weakness = isCryptHash(password) ? undefined : passwordWeakness(password);
  return weakness === undefined
    ? []
    : [finding("password-weak", path, `ESXi's default policy refuses the password: ${weakness}`)];
}

/** The password in a file: its first line, which may begin or end with blanks. */
export function readPassword(bytes: Uint8Array): string {
  return decodeText(bytes)?.split(/\r?\n/)[0] ?? "";
}
