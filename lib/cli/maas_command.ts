/**
 * The command that gives an image to MAAS.
 *
 * @module
 */

import type { Installer } from "../esxi/installer.ts";

/** What MAAS calls the architectures. */
const MAAS_NAMES = { "x86_64": "amd64", "arm64": "arm64" } as const;

/** Where the command will be run. */
export interface Place {
  /** The working directory. */
  readonly directory: string;
  /** The user's home folder, if there is one. */
  readonly home: string | undefined;
}

/**
 * One line for a shell. Where MAAS's command line from the snap could not read the file, a comment at
 * its end says so.
 *
 * @param path Of the image, as the user gave it.
 */
export function maasCommand(
  path: string,
  { version, architecture }: Pick<Installer, "version" | "architecture">,
  place: Place,
): string {
  const release = version?.split(".").slice(0, 2).join(".") ?? "custom";
  const command = `maas $PROFILE boot-resources create name='esxi/${release}' ` +
    `title='VMware ESXi ${version ?? release}' ` +
    `architecture='${MAAS_NAMES[architecture]}/generic' ` +
    `filetype='ddgz' content@=${quoteForShell(path)}`;
  return isReadBySnaps(path, place)
    ? command
    : `${command}  # MAAS from the snap: copy the file below ${place.home} first, not into a hidden folder`;
}

/** Snaps read the user's home folder, but no hidden file or folder in it (snapd, interface `home`). */
function isReadBySnaps(path: string, { directory, home }: Place): boolean {
  if (!home?.startsWith("/")) return true;
  const whole = path.startsWith("/") ? path : `${directory}/${path.replace(/^(\.\/)+/, "")}`;
  const base = home.replace(/\/+$/, "") + "/";
  return whole.startsWith(base) && !whole.slice(base.length).startsWith(".");
}

/** A path as one word of a shell's command line. */
function quoteForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
