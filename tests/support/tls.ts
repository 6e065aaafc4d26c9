/**
 * @module
 */

import type { Folder } from "./folder.ts";
import { mustRun } from "./programs.ts";

/** Files of a company's certificate, and of one that it has made for a host. */
export interface Certificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes certificates by openssl, in a folder of the test. */
export async function makeCertificates(folder: Folder, host: string): Promise<Certificates> {
  const at = (name: string) => folder.file(`tls-${name}.pem`);
  const openssl = (...args: string[]) => mustRun("openssl", args);
  const key = (name: string) => ["-newkey", "rsa:2048", "-nodes", "-keyout", at(name)];
  const days = ["-days", "3650"];
  const subject = (name: string) => ["-subj", `/CN=${name}`];
  const ca = ["-out", at("authority")];
  await openssl("req", "-x509", ...key("authority-key"), ...subject("A company"), ...days, ...ca);
  await openssl("req", ...key("key"), ...subject(host), "-out", at("request"));
  const extensions = folder.write(
    "tls-extensions",
    `subjectAltName=DNS:${host}\nbasicConstraints=CA:FALSE\n`,
  );
  const by = ["-CA", at("authority"), "-CAkey", at("authority-key"), "-CAcreateserial"];
  const out = ["-extfile", extensions, "-out", at("certificate")];
  await openssl("x509", "-req", "-in", at("request"), ...by, ...days, ...out);
  await mustRun("chmod", ["a+r", at("key")]); // who runs the proxy is nobody
  return { authority: at("authority"), certificate: at("certificate"), key: at("key") };
}
