/**
 * The main job on a machine without ESXi: makes an ISO in the shape of VMware's installer, builds
 * an image from it, verifies the image against the ISO, and shows what is in it.
 *
 * @module
 */

import { runApp } from "../lib/cli/app.ts";
import { ROOT } from "./support/executable.ts";
import { writeInstallerIso } from "./support/installer_iso.ts";

const FOLDER = `${ROOT}dist/demo`;
const ISO = "installer.iso";
const PASSWORD = "root-password";
const IMAGE = "installer.img.gz";
/** README shows it, from docs/. */
const PICTURE = "installer.svg";

async function esxiImg(...args: string[]): Promise<void> {
  console.log(`\n$ esxi-img ${args.join(" ")}`);
  const status = await runApp(args);
  if (status !== 0) Deno.exit(status);
}

await Deno.mkdir(FOLDER, { recursive: true });
Deno.chdir(FOLDER);
console.log(`Making an installer-shaped ISO of 40 MB with 100 modules in ${FOLDER}`);
writeInstallerIso(ISO);
await Deno.writeTextFile(PASSWORD, "VMware1!\n", { mode: 0o600 });

await esxiImg("build", ISO, "-o", IMAGE, "--root-password-file", PASSWORD, "--force");
await esxiImg("verify", IMAGE, "--iso", ISO);
await esxiImg("inspect", IMAGE, "--svg", PICTURE, "--force");
