/**
 * The kickstart that the installer runs. The default one is complete: it can be read from top to
 * bottom, with what was decided at build time in plain sight. What only the machine can know (its
 * metadata, its disks) the payload's `pre.sh` writes over these defaults before they are included.
 *
 * @module
 */

/** Where in the payload the kickstart lies, and what boot.cfg calls it. */
export const KICKSTART_PATH = "esxiimg/KS.CFG";
export const KICKSTART_URL = `file:///${KICKSTART_PATH}`;

/** What the kickstart's `install` is given unless the build or the machine knows better. */
export const DEFAULT_INSTALL_DISK = "--firstdisk --overwritevmfs";

/** What a build decides about the kickstart. */
export interface KickstartOptions {
  /** A crypt(3) hash; without it the password must come from the host's metadata. */
  readonly rootPasswordHash?: string | undefined;
  /** Arguments of `install`. */
  readonly installDisk?: string | undefined;
}

/**
 * Writes the default kickstart: it accepts the licence, chooses the disk, sets root's password,
 * brings up the network by DHCP and reboots, all without a question.
 */
export function renderKickstart(options: KickstartOptions = {}): string {
  const { rootPasswordHash, installDisk = DEFAULT_INSTALL_DISK } = options;
  const rootPassword = rootPasswordHash === undefined
    ? `# No root password was given at build time: the host's metadata must bring one.`
    : hereDocument("rootpw", `rootpw --iscrypted ${rootPasswordHash}`);
  return `# ESXi installs with this file without asking. It was written by esxi-img.
vmaccepteula
%include /tmp/esxiimg/rootpw
%include /tmp/esxiimg/disk
%include /tmp/esxiimg/network
reboot

%pre --interpreter=busybox
# What was decided when the image was built. pre.sh writes over it what the host's metadata says.
umask 077
mkdir -p /tmp/esxiimg
${rootPassword}
${hereDocument("disk", `install ${installDisk}`)}
${hereDocument("network", "network --bootproto=dhcp")}
sh /esxiimg/pre.sh

%post --interpreter=busybox
# Copies payload and host description to the boot bank, for the first boot.
sh /esxiimg/post.sh

%firstboot --interpreter=busybox
# Configures the host, then removes the payload from the boot bank.
sh /esxiimg/firstbt.sh
`;
}

/** A shell command that writes one line, of which nothing is expanded. */
function hereDocument(name: string, line: string): string {
  return `cat > /tmp/esxiimg/${name} <<'END'\n${line}\nEND`;
}
