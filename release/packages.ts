/**
 * Tells which packages of others are shipped, by what licences, as the bill of materials and the
 * licence file need it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { ROOT } from "./bundle.ts";

/** A package of npm that is part of the program. */
export interface ShippedPackage {
  /** With its scope: `@stricli/core`. */
  readonly name: string;
  readonly version: string;
  /** As SPDX has it. */
  readonly licence: string;
  /** The licence's text, if the package brings it. */
  readonly licenceText: string | undefined;
  /** The SHA-512 of the package as npm has it, in hexadecimal digits. */
  readonly sha512: string;
}

/**
 * Reads from the lock file and node_modules what is known of packages.
 *
 * @throws {Error} if the lock file has no such package, or more than one version.
 */
export async function readPackages(names: readonly string[]): Promise<ShippedPackage[]> {
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
  return await Promise.all(names.map(async (name) => {
    const keys = Object.keys(lock.npm).filter((key) => key.startsWith(`${name}@`));
    if (keys.length !== 1) throw new Error(`deno.lock has ${keys.length} versions of ${name}`);
    const folder = `${ROOT}node_modules/${name}`;
    const { version, license } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
    if (keys[0] !== `${name}@${version}`) throw new Error(`node_modules has ${name}@${version}`);
    const integrity: string = lock.npm[keys[0]].integrity;
    return {
      name,
      version,
      licence: license,
      licenceText: await readLicence(folder),
      sha512: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex"),
    };
  }));
}

async function readLicence(folder: string): Promise<string | undefined> {
  for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt"]) {
    const text = await Deno.readTextFile(`${folder}/${name}`).catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The licences of what is in the program and is not ours, as a text. */
export function licencesText(packages: readonly ShippedPackage[]): string {
  const parts = packages.map(({ name, version, licence, licenceText }) =>
    `${name} ${version}: ${licence}\n\n${licenceText?.trim() ?? "The package brings no text."}\n`
  );
  return [
    "esxi-img is under the Apache License 2.0, see LICENSE. These parts of it are others':\n",
    ...parts,
    "The file system in fatfs-wasm is FatFs, Copyright (C) ChaN; its licence asks those who pass on\n" +
    "source code to keep its notice: http://elm-chan.org/fsw/ff/doc/appnote.html#license\n",
    "Deno, the runtime: MIT, https://github.com/denoland/deno/blob/main/LICENSE.md\n",
  ].join(`\n${"-".repeat(79)}\n\n`);
}
