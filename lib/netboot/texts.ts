/**
 * The small files that a network boot needs besides the installer's own.
 *
 * @module
 */

import type { Architecture } from "../esxi/installer.ts";

/**
 * By which numbers firmware says to DHCP what it is (IANA, "Processor Architecture Types"), when it
 * wants a file by TFTP and a URL.
 */
const CLIENT_TYPES: Readonly<
  Record<Architecture, { readonly tftp: number; readonly http: number }>
> = { "x86_64": { tftp: 7, http: 16 }, "arm64": { tftp: 11, http: 19 } };

/** What the texts tell of. */
export interface NetbootFacts {
  /** As in `8.0.3`, if it is known. */
  readonly version: string | undefined;
  /** What the installer runs on. */
  readonly architecture: Architecture;
  /** Where the files are on the server, if it was given. */
  readonly prefix: string | undefined;
  /** Whether there is what a legacy BIOS boots with. */
  readonly hasBios: boolean;
  /** Whether there are folders of single machines. */
  readonly hasHosts: boolean;
}

/**
 * What iPXE runs if it finds it beside itself, and what a DHCP server may name. Relative names are
 * those of the folder that the script came from.
 */
export function ipxeScript({ hasBios, hasHosts }: NetbootFacts): string {
  const own = "01-${netX/mac:hexhyp}/boot.cfg";
  const cfg = hasHosts ? "${cfg}" : "boot.cfg";
  return [
    "#!ipxe",
    ...hasHosts
      ? ["set cfg boot.cfg", `imgfetch -n own ${own} && set cfg ${own} ||`, "imgfree own ||"]
      : [],
    ...hasBios ? ["iseq ${platform} efi || goto bios"] : [],
    `kernel mboot.efi -c ${cfg} || shell`,
    "boot || shell",
    ...hasBios ? [":bios", `kernel -n mboot.c32 -c ${cfg} || shell`, "boot || shell"] : [],
    "",
  ].join("\n");
}

/**
 * PXELINUX's configuration for legacy BIOS.
 *
 * @param own The folder of a single machine, with a slash behind it.
 */
export function pxelinuxConfig({ prefix }: NetbootFacts, own = ""): string {
  // PXELINUX loads from its own folder, over TFTP alone; with a prefix that is the server's root.
  const folder = prefix === undefined || prefix.includes("://") ? "" : `${prefix}/`;
  return [
    "DEFAULT esxi",
    "NOHALT 1",
    "LABEL esxi",
    `  KERNEL ${folder}mboot.c32`,
    `  APPEND -c ${folder}${own}boot.cfg`,
    "  IPAPPEND 2",
    "",
  ].join("\n");
}

/** What to do with the folder. */
export function readme(facts: NetbootFacts): string {
  const { version, prefix, hasBios, hasHosts } = facts;
  const { tftp, http } = CLIENT_TYPES[facts.architecture];
  const place = prefix === undefined
    ? "boot.cfg names its files relative to itself: serve this folder under any name."
    : `boot.cfg looks for its files in: ${prefix}`;
  const path = prefix === undefined || prefix.includes("://") ? "" : `${prefix}/`;
  return `ESXi ${version ?? "(version unknown)"} for a boot over the network, made by esxi-img.

Whoever boots from here installs ESXi without a question, and what is on the disk is lost.
Serve it to the machines that are to be installed, and only while they are.

${place}
boot.cfg, mboot.efi and ${
    hasBios ? "mboot.c32" : "the modules"
  } belong together: keep them in one folder.
A folder 01-aa-bb-cc-dd-ee-ff beside mboot.efi, named by a MAC address in lower case, with a boot.cfg
of its own in it is for that machine alone; such a boot.cfg needs a prefix=.
${
    hasHosts
      ? `Here they hold what is each machine's alone. All others start with the metadata of all machines.
${
        prefix === undefined
          ? "Their boot.cfg name files from the server's root: this folder has to be that, or pass --prefix.\n"
          : ""
      }`
      : ""
  }
UEFI, TFTP     the DHCP server names ${path}mboot.efi
  dnsmasq      enable-tftp
               tftp-root=/srv/tftp
               dhcp-match=set:efi64,option:client-arch,${tftp}
               dhcp-boot=tag:efi64,${path}mboot.efi
  ISC dhcpd    class "efi" { match if substring(option vendor-class-identifier, 0, 20)
                             = "PXEClient:Arch:${
    String(tftp).padStart(5, "0")
  }"; filename "${path}mboot.efi"; }
               next-server ADDRESS;
UEFI, HTTP     the DHCP server answers the class HTTPClient with that class and with a URL
  dnsmasq      dhcp-match=set:http,option:client-arch,${http}
               dhcp-option-force=tag:http,60,HTTPClient
               dhcp-boot=tag:http,http://ADDRESS/mboot.efi
  ISC dhcpd    class "http" { match if substring(option vendor-class-identifier, 0, 10)
                              = "HTTPClient"; option vendor-class-identifier "HTTPClient";
                              filename "http://ADDRESS/mboot.efi"; }
iPXE           loads autoexec.ipxe if it was loaded from this folder itself; else name it:
               chain http://ADDRESS/autoexec.ipxe
${
    hasBios
      ? `Legacy BIOS    pxelinux.0 of Syslinux 3.86, which is not part of the installer${
        path === ""
          ? `, beside mboot.c32;
               its configuration is pxelinux.cfg/default
`
          : `, and a copy of
               pxelinux.cfg in the server's root, from where the paths in it begin
`
      }`
      : ""
  }
The file system of the server has to tell nothing but names: all are in lower case.
`;
}
