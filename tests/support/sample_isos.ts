/**
 * Installer-shaped ISOs of several makers.
 *
 * @module
 */

import { installerFiles, type InstallerOptions, writeInstallerIso } from "./installer_iso.ts";
import { mustRun } from "./programs.ts";

/** What xorriso is told, by what comes out. */
const XORRISO: Readonly<Record<string, readonly string[]>> = {
  "xorriso without Rock Ridge": ["-iso-level", "1", "--norock"],
  "xorriso with Rock Ridge and Joliet": ["-R", "-J"],
};

/** Who makes the ISOs of {@linkcode writeSampleIso}. */
export const ISO_MAKERS: readonly [string, ...string[]] = [
  "our own writer",
  ...Object.keys(XORRISO),
];

/** Small enough for tests that make one each. */
export const SMALL: InstallerOptions = { moduleCount: 12, modulesBytes: 1_500_000 };

/** Writes an installer-shaped ISO, by default a small one of our own. */
export async function writeSampleIso(
  path: string,
  maker: string = ISO_MAKERS[0],
  options: InstallerOptions = SMALL,
): Promise<void> {
  const args = XORRISO[maker];
  if (args === undefined) return writeInstallerIso(path, options);
  const folder = `${path}.files`;
  for (const { path: name, content } of installerFiles(options)) {
    const file = `${folder}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(file, typeof content === "number" ? new Uint8Array(content) : content);
  }
  const label = ["-V", "ESXI-8.0U3B-24280767-STANDARD"];
  await mustRun("xorriso", ["-as", "mkisofs", "-quiet", ...label, ...args, "-o", path, folder]);
  await Deno.remove(folder, { recursive: true });
}
