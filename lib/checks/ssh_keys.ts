/**
 * Checks the file with public keys.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";
import { decodeText } from "./text.ts";

/** OpenSSH's sshd(8), AUTHORIZED_KEYS FILE FORMAT: options, kind, data in base64, comment. */
const KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[^\s"]+)\s+([A-Za-z0-9+/]+={0,2})(?=\s|$)/;
const KEY_START = /(?:^|\s)(?:ssh|ecdsa|sk)-[a-z0-9@.-]+/;
const PRIVATE = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|^PuTTY-User-Key-File/m;
/** RFC 4716 §3, PuTTY's and ssh-keygen -e's way to write a public key. */
const RFC4716 = /^---- BEGIN SSH2 PUBLIC KEY ----/m;
/** How many fields the data has behind its name: RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4. */
const FIELDS: Readonly<Record<string, number>> = {
  "ssh-rsa": 2,
  "ssh-dss": 4,
  "ssh-ed25519": 1,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
};

/** Checks the keys that were given, if any were. */
export function checkSshKeys({ sshKeys, version, allowEd25519 }: Inputs): Finding[] {
  if (sshKeys === undefined) return [];
  const { path } = sshKeys;
  const text = decodeText(sshKeys.bytes);
  if (text === undefined) return [finding("text-encoding", path, "it is not UTF-8 text")];
  if (PRIVATE.test(text)) return [finding("ssh-key-private", path, "it holds a private key")];
  if (RFC4716.test(text)) {
    const remedy = "convert it with: ssh-keygen -i -f FILE";
    return [finding("ssh-key-none", path, "it holds a key in the SSH2 format", remedy)];
  }
  const findings: Finding[] = [];
  let keys = 0;
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const where = `${path}:${index + 1}`;
    const [, kind = "", data = ""] = KEY.exec(line) ?? [];
    keys++;
    if (kind === "") {
      findings.push(
        KEY_START.test(line)
          ? finding("ssh-key-cut", where, "the key has no data")
          : finding("ssh-key-none", where, "this line is no public key"),
      );
    } else if (!isWhole(kind, data)) {
      findings.push(finding("ssh-key-cut", where, `the ${kind} key is damaged or incomplete`));
    } else if (kind.includes("ed25519") && isFips(version) && !allowEd25519) {
      findings.push(finding("ssh-key-ed25519", where, `ESXi ${version} ignores Ed25519 keys`));
    }
  });
  if (keys === 0) findings.push(finding("ssh-key-none", path, "it holds no public key"));
  return findings;
}

/** The keys in a file, one line each. */
export function readSshKeys(bytes: Uint8Array): string[] {
  return (decodeText(bytes) ?? "").split(/\r?\n/).map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Whether the release's SSH server is in FIPS mode unless that is changed. */
function isFips(version: string | undefined): boolean {
  return Number(version?.split(".")[0] ?? 0) >= 8;
}

/** Whether a key's data is its name and the right number of fields, each with its length before it. */
function isWhole(kind: string, data: string): boolean {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    return false;
  }
  const view = new DataView(bytes.buffer);
  const fields: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return false;
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) return false;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  const name = new TextDecoder().decode(fields[0]);
  const wanted = Object.hasOwn(FIELDS, kind) ? FIELDS[kind]! : undefined;
  return name === kind && (wanted === undefined ? fields.length > 1 : fields.length === wanted + 1);
}
