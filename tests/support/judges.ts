/**
 * Judges that are unpacked below `dist/judges`, because installing them would change the machine:
 * Debian's cloud-init is a service that sets a machine up when it starts. The tests only import
 * its modules.
 *
 * @module
 */

import { exists } from "./folder.ts";
import { mustRun } from "./programs.ts";

const PLACE = "dist/judges/cloud-init";
/** Debian's packages: cloud-init, and what the module that converts network_data imports. */
const PACKAGES = [
  "cloud-init",
  "python3-certifi",
  "python3-chardet",
  "python3-charset-normalizer",
  "python3-configobj",
  "python3-idna",
  "python3-requests",
  "python3-six",
  "python3-urllib3",
];

/** Downloads and unpacks cloud-init, where it is not yet. @throws when apt or dpkg-deb fails */
export async function unpackCloudInit(): Promise<void> {
  if (exists(PLACE)) return;
  const folder = await Deno.makeTempDir({ prefix: "esxi-img-judges-" });
  try {
    await mustRun("apt-get", ["download", "-q", ...PACKAGES], { cwd: folder });
    await Deno.remove(`${PLACE}.partial`, { recursive: true }).catch(() => {});
    await Deno.mkdir(`${PLACE}.partial`, { recursive: true });
    for await (const { name } of Deno.readDir(folder)) {
      await mustRun("dpkg-deb", ["-x", `${folder}/${name}`, `${PLACE}.partial`]);
    }
    await Deno.rename(`${PLACE}.partial`, PLACE);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
