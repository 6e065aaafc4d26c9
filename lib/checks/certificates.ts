/**
 * Checks the file with the CA certificates that a vCenter is checked by.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";
import { decodeText } from "./text.ts";

/** RFC 7468 §5.1. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----/g;

/** Checks the certificates that were given, if any were. */
export function checkCertificates({ vcenterCa }: Inputs): Finding[] {
  if (vcenterCa === undefined) return [];
  const { path, bytes } = vcenterCa;
  const text = decodeText(bytes);
  if (text === undefined) return [finding("certificate-none", path, "it is not text")];
  if (text.includes("PRIVATE KEY-----")) {
    return [finding("certificate-private", path, "it holds a private key")];
  }
  if (text.match(CERTIFICATE) === null) {
    return [finding("certificate-none", path, "it holds no certificate in PEM form")];
  }
  return [];
}

/** The certificates in a file, without what explains them, one after the other. */
export function readCertificates(bytes: Uint8Array): string {
  const found = new TextDecoder().decode(bytes).match(CERTIFICATE) ?? [];
  return found.map((certificate) => certificate.replaceAll("\r", "") + "\n").join("");
}
