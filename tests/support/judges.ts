/**
 * Judges that are unpacked below `dist/judges`, because installing them would change the machine:
 * Debian's cloud-init is a service that sets a machine up when it starts. The tests only import
 * its modules. GRUB for arm64 is a package of another architecture, which a PC does not install;
 * Nova and Glance with what they depend on are 250 packages, servers among them.
 *
 * @module
 */

import { exists } from "./folder.ts";
import { mustRun } from "./programs.ts";

const CLOUD_INIT = "dist/judges/cloud-init";
/** Where GRUB for arm64 is unpacked. */
export const GRUB_ARM64 = "dist/judges/grub-arm64";
/** Debian's packages: cloud-init, and what the module that converts network_data imports. */
const CLOUD_INIT_PACKAGES = [
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

/** Where Nova and Glance are unpacked, and their modules in there. */
const OPENSTACK = "dist/judges/openstack";
export const OPENSTACK_MODULES = `${OPENSTACK}/usr/lib/python3/dist-packages`;

/** Downloads and unpacks cloud-init, where it is not yet. @throws when apt or dpkg-deb fails */
export async function unpackCloudInit(): Promise<void> {
  await unpackOnce(CLOUD_INIT, (cwd) => download(cwd, CLOUD_INIT_PACKAGES));
}

/**
 * Downloads and unpacks the modules of Nova and Glance, and all that they depend on (219 packages,
 * 47 MB; unpacked 340 MB), where they are not yet. @throws when apt or dpkg-deb fails
 */
export async function unpackOpenStack(): Promise<void> {
  await unpackOnce(OPENSTACK, async (cwd) => {
    const others = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
    const only = ["--recurse", ...others.map((relation) => `--no-${relation}`)];
    const { stdout } = await mustRun("apt-cache", [
      ...["depends", ...only],
      ...["python3-nova", "python3-glance"],
    ]);
    await download(cwd, [...new Set(stdout.match(/^python3-\S+/gm))]);
  });
}

/**
 * Downloads and unpacks GRUB for arm64 (1.4 MB), where it is not yet, by a list of arm64's packages
 * (9 MB) that this machine's apt does not see. @throws when apt or dpkg-deb fails
 */
export async function unpackGrubArm64(): Promise<void> {
  await unpackOnce(GRUB_ARM64, async (cwd) => {
    for (const folder of ["lists/partial", "cache/archives/partial"]) {
      await Deno.mkdir(`${cwd}/${folder}`, { recursive: true });
    }
    const settings = [
      "APT::Architecture=arm64",
      "APT::Architectures=arm64",
      "Dir::State::status=/dev/null",
      `Dir::State::Lists=${cwd}/lists`,
      `Dir::Cache=${cwd}/cache`,
    ].flatMap((setting) => ["-o", setting]);
    await mustRun("apt-get", [...settings, "update", "-qq"]);
    await download(cwd, ["grub-efi-arm64-bin"], settings);
  });
}

async function download(cwd: string, packages: readonly string[], settings: string[] = []) {
  await mustRun("apt-get", [...settings, "download", "-q", ...packages], { cwd });
}

/** Unpacks the packages that `fetch` leaves in a folder, unless it was done before. */
async function unpackOnce(place: string, fetch: (folder: string) => Promise<void>): Promise<void> {
  if (exists(place)) return;
  const folder = await Deno.makeTempDir({ prefix: "esxi-img-judges-" });
  try {
    await fetch(folder);
    await Deno.remove(`${place}.partial`, { recursive: true }).catch(() => {});
    await Deno.mkdir(`${place}.partial`, { recursive: true });
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".deb")) continue;
      await mustRun("dpkg-deb", ["-x", `${folder}/${name}`, `${place}.partial`]);
    }
    await Deno.rename(`${place}.partial`, place);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
