/**
 * Keys of boot.cfg that a user may set: the boot loader's own settings.
 *
 * Source: vmware/esx-boot, `mboot/config.c`, which names each key and what it does.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** The keys, in lower case. */
export const BOOT_OPTIONS = [
  "title",
  "nobootif",
  "timeout",
  "noquirks",
  "norts",
  "runtimewd",
  "runtimewdtimeout",
  "tftpblksize",
  "errtimeout",
] as const;
/** What else is a key, and who sets it. */
const OTHERS: Readonly<Record<string, string>> = {
  kernel: "it is the installer's own",
  kernelopt: "--kernelopt adds to it",
  modules: "--module adds to it",
  prefix: "the layout of the medium decides it",
  crypto: "it is the installer's own",
  acpitables: "it names files that the image does not have",
  skip: "it makes the boot loader give up",
  build: "it says which release this is",
  bootstate: "it is the installed system's",
  updated: "it is the installed system's",
};

/**
 * Reads `KEY=VALUE`.
 *
 * @throws {Failure} `usage` if it is none, or of a key that is not the user's to set.
 */
export function parseBootOption(text: string): readonly [key: string, value: string] {
  const usage = (what: string, remedy: string) =>
    new Failure("usage", "--boot-option", what, remedy);
  const known = `pass one of ${BOOT_OPTIONS.join(", ")}`;
  const [, name = "", value = ""] = /^([A-Za-z]+)=([ -~]*)$/.exec(text) ?? [];
  const key = name.toLowerCase();
  if (name === "") throw usage(`${JSON.stringify(text)} is not KEY=VALUE in ASCII`, known);
  if (Object.hasOwn(OTHERS, key)) throw usage(`${key} cannot be set: ${OTHERS[key]}`, known);
  if (!BOOT_OPTIONS.some((option) => option === key)) {
    throw usage(`the boot loader has no key ${name}`, known);
  }
  if (key !== "title" && !/^-?[0-9]+$/.test(value.trim())) {
    throw usage(`${key} wants a number`, "write digits alone");
  }
  return [key, value.trim()];
}
