/**
 * What people call commands and options that have other names here. Keys are in lower case, without
 * hyphens.
 *
 * @module
 */

/** Commands by other names. */
export const COMMAND_SYNONYMS: Readonly<Record<string, string>> = {
  create: "build",
  make: "build",
  generate: "build",
  image: "build",
  img: "build",
  lint: "check",
  test: "check",
  dryrun: "check",
  export: "convert",
  transform: "convert",
  info: "inspect",
  show: "inspect",
  list: "inspect",
  ls: "inspect",
  dump: "inspect",
  compare: "verify",
  validate: "verify",
  ks: "kickstart",
  pxe: "netboot",
  tftp: "netboot",
  ipxe: "netboot",
  autocomplete: "completion",
};

/** Options by other names. */
export const OPTION_SYNONYMS: Readonly<Record<string, string>> = {
  authorizedkeys: "--ssh-key",
  publickey: "--ssh-key",
  pubkey: "--ssh-key",
  key: "--ssh-key",
  password: "--root-password-file",
  passwordfile: "--root-password-file",
  rootpassword: "--root-password-file",
  rootpw: "--root-password-file",
  ks: "--kickstart",
  ksfile: "--kickstart",
  out: "--output",
  outfile: "--output",
  dest: "--output",
  destination: "--output",
  target: "--output",
  type: "--format",
  outputformat: "--format",
  silent: "--quiet",
  overwrite: "--force",
  yes: "--force",
  checksum: "--iso-sha256",
  sha256: "--iso-sha256",
  sha256sum: "--iso-sha256",
  disk: "--install-disk",
  targetdisk: "--install-disk",
  configdrive: "--metadata",
  userdata: "--metadata",
  kernelopts: "--kernelopt",
  kerneloption: "--kernelopt",
  append: "--kernelopt",
  bootopt: "--boot-option",
  vib: "--driver",
  ca: "--vcenter-ca",
  insecure: "--vcenter-insecure",
  nocolour: "--no-color",
  trace: "--debug",
  disksize: "--size",
  fsync: "--sync",
};
