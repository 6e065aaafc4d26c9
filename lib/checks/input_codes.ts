/**
 * The kinds of findings in all inputs but kickstarts, see `codes.ts`.
 *
 * @module
 */

import { kinds } from "./kind.ts";

export const INPUT_CODES = {
  ...kinds("error", "usage", {
    "text-encoding": ["A file that holds text is not stored as UTF-8.", "save it as UTF-8"],
    "password-empty": [
      "The password file's first line is empty.",
      "write the password into the first line",
    ],
    "password-lines": [
      "The password file has more than one line, or a line that is longer than any password.",
      "write only the password into it",
    ],
    "password-kind": [
      "The password file holds a hash that ESXi does not take, a damaged one, or a whole line of a shadow file: " +
      "ESXi takes crypt strings that begin with `$6$`, `$5$` and `$1$`.",
      "pass the password itself, or the output of: openssl passwd -6",
    ],
    "ssh-key-private": [
      "The file holds a private key, which must not leave its machine.",
      "pass the public key, which lies beside it in FILE.pub",
    ],
    "ssh-key-cut": [
      "A line begins like a public key, but its data is damaged or incomplete.",
      "copy the whole line",
    ],
    "ssh-key-none": [
      "The file holds no public key at all, or a line that is none.",
      "pass a file like id_rsa.pub",
    ],
    "host-double": [
      "Two folders below `hosts/` name the same MAC, UUID or serial number: a machine that has it would fit both, and " +
      "the installation would stop.",
      "correct the metadata of one of them",
    ],
    "host-unknown": [
      "A folder below `hosts/` names nothing that a machine could be known by.",
      "add its NICs' MACs to network_data.json, or uuid or serial (of SMBIOS) to meta_data.json",
    ],
    "module-kind": [
      "The file that `--module` or `--driver` names is nothing that the installer can load: it takes tars and ELF " +
      "files, with gzip around them or without.",
      "pass a module",
    ],
    "driver-release": [
      "A driver is for another release of ESXi, by what its descriptor or its bundle says: installer or host would " +
      "not load or not install it.",
      "pass the driver for this release",
    ],
    "driver-architecture": [
      "A driver is for another processor than the installer.",
      "pass the driver for the installer's processor",
    ],
    "driver-unsigned": [
      "Hosts would not install the driver: it claims a level of acceptance that takes a signature and has none, or " +
      "it is CommunitySupported, which hosts take only after their own level was lowered.",
      "pass a signed driver, or --allow-community-drivers if it is a community's",
    ],
    "driver-large": [
      "The drivers do not fit into a boot bank of the host beside the system: each is there as a module and, until " +
      "it is installed, as a VIB.",
      "pass fewer drivers",
    ],
    "driver-double": [
      "Two drivers have the same name or bring the same file, or one brings a file of another VIB of the installer: " +
      "hosts take only one of them.",
      "pass one of them",
    ],
    "install-arguments": [
      "`--install-disk` holds what the kickstart's `install` does not take.",
      "correct it",
    ],
    "metadata-json": ["A file of the metadata is not JSON.", "correct it"],
    "metadata-folder": [
      "The folder that `--metadata` names holds none of the metadata's files; they may lie in another level.",
      "pass the folder with meta_data.json, or the root of a config drive",
    ],
    "metadata-type": [
      "A value in the metadata is of another type than in what Nova writes.",
      "correct it",
    ],
    "option-no-effect": [
      "An option cannot do what it says together with the others.",
      "leave it out",
    ],
    "certificate-none": [
      "The file that `--vcenter-ca` names holds no certificate in PEM form.",
      "pass the certificates of the vCenter's CA (PEM)",
    ],
    "certificate-private": [
      "The file that `--vcenter-ca` names holds a private key, which every host would get.",
      "pass the certificates alone",
    ],
  }),
  ...kinds("warning", "usage", {
    "password-weak": [
      "ESXi's default policy would refuse the password: it wants 7 characters of three kinds, and counts neither " +
      "a capital at the beginning nor a digit at the end. A hash is not checked, so that the host takes it, but " +
      "it cannot be set again by hand.",
      "choose another password",
    ],
    "ssh-key-ed25519": [
      "From 8.0 on ESXi's SSH server runs in FIPS mode by default and ignores Ed25519 keys.",
      "add an RSA or ECDSA key",
    ],
    "install-disk-none": [
      "Nothing chooses the disk that ESXi is installed on, and there is no disk that holds the image by which " +
      "the installer could find it: it takes the first one, and what was there is lost.",
      "pass --install-disk",
    ],
    "iso-large": [
      "The ISO has more than 2,359,293,952 bytes: where Linux' USB gadget serves it as a CD, as in many BMCs, what " +
      "lies behind that is cut off, and the payload lies there.",
      "pass -f raw and attach it as a disk",
    ],
    "login-none": [
      "The image brings no password, no key and no metadata. Unless a config drive or MAAS brings one, the " +
      "installation stops before it touches a disk.",
      "pass --root-password-file, unless a config drive or MAAS will be there",
    ],
  }),
  ...kinds("error", "boot-cfg", {
    "module-gzip": [
      "The boot loader cannot unpack the file: it wants exactly one gzip member, deflated, with nothing behind it.",
      "compress it again with gzip",
    ],
  }),
  ...kinds("warning", "usage", {
    "install-names-disk": [
      "`--install-disk` names a disk outright: it wins over the disk that the image was written to.",
      "leave it out to install on the image's disk",
    ],
    "host-ignored": [
      "A MAC or UUID of a host is in no form that is compared with machines, or one that no machine has. The host " +
      "is known by something else as well.",
      "correct it",
    ],
    "driver-none": [
      "A VIB brings no module for the kernel (below `vmkmod/`): it is no driver.",
      "leave it out, unless it is what a driver needs",
    ],
    "driver-known": [
      "The installer brings the driver already, in the same version or a newer one, or a module of its name or " +
      "files: which of the two is loaded is for ESXi to decide, and was not tried.",
      "leave it out",
    ],
    "driver-secure-boot": [
      "With UEFI Secure Boot ESXi takes no boot module that it does not know, so that neither installer nor host " +
      "gets the driver.",
      "make an installer that holds the driver, with VMware's Image Builder, for machines with Secure Boot",
    ],
    "metadata-gateway": [
      "A default gateway is in no subnet of its network, so that nothing reaches it.",
      "correct the gateway, the address or the netmask",
    ],
    "metadata-netmask": [
      "A static IPv4 address has no netmask. Nova's schema allows that; 255.255.255.0 is taken, as cloud-init does.",
      "give the network its netmask",
    ],
    "metadata-link": [
      "A network is on a link that the metadata does not have: it is left out, or refused where management needs it.",
      "correct its link",
    ],
    "metadata-unknown-key": [
      "The metadata has a key at its top that Nova does not write and that nobody reads: a misspelt one, perhaps.",
      "correct or remove it",
    ],
    "metadata-no-hostname": [
      "The metadata names no host: it keeps the name that the installer gives it.",
      "add hostname to meta_data.json",
    ],
  }),
  ...kinds("warning", "boot-cfg", {
    "boot-cfg-kickstart": [
      "The ISO boots with a kickstart of its own, as vendors' and remade ones do. The image has its own, so " +
      "that nothing of the ISO's is done.",
      "take it out of the ISO and pass it with -k, if it is wanted",
    ],
    "boot-cfg-other": [
      "An ISO has a second boot.cfg for BIOS, which this one cannot be edited like the first. UEFI never reads " +
      "it, and the image is for UEFI.",
      "nothing needs to be done for machines that boot by UEFI",
    ],
  }),
  ...kinds("note", "usage", {
    "driver-newer": [
      "The installer brings an older version of the driver. Hosts replace it on the first boot; which of the two " +
      "the installer itself loads is for ESXi to decide, and was not tried.",
      "nothing needs to be done",
    ],
  }),
  ...kinds("warning", "not-installer", {
    "installer-loader": [
      "The file that firmware starts does not begin like a program of UEFI.",
      "compare the ISO with its published checksum",
    ],
  }),
};
