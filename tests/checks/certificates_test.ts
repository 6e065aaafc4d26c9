import assert from "node:assert/strict";
import { checkCertificates, readCertificates } from "../../lib/checks/certificates.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nAAA=\n-----END CERTIFICATE-----\n";

function codes(text: string | Uint8Array): string[] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return checkCertificates({ vcenterCa: { path: "ca.pem", bytes } }).map(({ code }) => code);
}

Deno.test("certificates: only whole ones in PEM form, and no private key, are taken", () => {
  assert.deepEqual(checkCertificates({}), []);
  assert.deepEqual(codes(PEM), []);
  assert.deepEqual(codes(`# the CA\n${PEM}${PEM}`), []);
  assert.deepEqual(codes(PEM.replaceAll("\n", "\r\n")), []);
  for (const text of ["", "CA", PEM.slice(0, 40), PEM.replace("MIIB", "%%%%")]) {
    assert.deepEqual(codes(text), ["certificate-none"], text);
  }
  assert.deepEqual(codes(Uint8Array.of(0x30, 0x82, 0xff)), ["certificate-none"]);
  const key = "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n";
  assert.deepEqual(codes(PEM + key), ["certificate-private"]);
});

Deno.test("certificates: what stands between them is left out", () => {
  const text = `Issuer: x\r\n${PEM.replaceAll("\n", "\r\n")}\r\nmore\n${PEM}`;
  assert.equal(readCertificates(new TextEncoder().encode(text)), PEM + PEM);
});
