/**
 * Checks drivers: whether this release takes them, and whether a host installs them.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import type { Platform, VibDescriptor } from "../esxi/drivers/descriptor.ts";
import { ELF_MACHINE } from "../esxi/drivers/elf.ts";
import { isDriver } from "../esxi/drivers/is_driver.ts";
import type { Driver } from "../esxi/drivers/open.ts";
import type { Vib } from "../esxi/drivers/vib.ts";
import { folderOf, resolveBootPath } from "../esxi/boot_cfg.ts";
import type { Installer } from "../esxi/installer.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

const MB = 1_000_000;
/** Boot banks of hosts on small disks, by the first number of the release; VMware's KB 399221. */
const BANK_BYTES = (major: number) => (major < 7 ? 250 : 489) * MB;
/** What is free in a bank of 6.x at least (VMware's KB 324231). */
const FREE_BYTES = 100 * MB;
/** The installer has it for the host, which keeps it elsewhere. */
const NOT_IN_BANK = /^tools\.t\d\d$/i;
/** Product lines of ESXi on a host; others are for DPUs. */
const HOST_LINES = ["embeddedesx", "esxi", "esx"];
/** Interfaces of the time before 7.0, which later releases do not have. */
const OLD_API = /^(com\.vmware\.driverAPI-9\.2\.|vmkapi_2_[0-5]_)/i;
/** How versions of VIBs end: as in `1OEM.800.1.0.20613240`. */
const BUILT_FOR = /-\d+(?:OEM|vmw)\.(\d)(\d)\d\./i;

/** Checks the drivers that were given, if any were. */
export function checkDrivers(inputs: Inputs): Finding[] {
  const { drivers = [] } = inputs;
  if (drivers.length === 0) return [];
  const findings = drivers.flatMap((driver) => [
    ...checkPlatforms(driver, inputs),
    ...driver.vibs.flatMap((vib) => checkVib(vib, inputs)),
    ...driver.isModuleOnly ? [] : driver.vibs.flatMap((vib) => checkInstallation(vib, inputs)),
  ]);
  if (inputs.allowSecureBoot) {
    findings.push(finding("driver-secure-boot", "--driver", "Secure Boot refuses drivers"));
  }
  return [...findings, ...checkDoubles(drivers), ...checkSize(drivers, inputs)];
}

/** The size of what a boot bank gets of an installer, by its boot.cfg. */
export function bankBytes({ tree, bootCfgs }: Installer): number {
  const sizes = new Map(tree.files.map(({ path, sizeBytes }) => [path.toUpperCase(), sizeBytes]));
  const [bootCfg] = bootCfgs;
  if (bootCfg === undefined) return 0;
  const { cfg, file } = bootCfg;
  return [cfg.kernel, ...cfg.modules.map(({ path }) => path)]
    .map((path) => resolveBootPath(path, cfg, folderOf(file.path)))
    .filter((path) => !NOT_IN_BANK.test(path.split("/").at(-1)!))
    .reduce((sum, path) => sum + (sizes.get(path.toUpperCase()) ?? 0), 0);
}

/** The first two numbers of a release: `[8, 0]` for `8.0.3`. */
function releaseOf(
  version: string | undefined,
): readonly [major: number, minor: number] | undefined {
  const match = /^(\d+)\.(\d+)/.exec(version ?? "");
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** What the driver's bundle and its VIBs name as what they are for. */
function checkPlatforms(driver: Driver, { version }: Inputs): Finding[] {
  const findings: Finding[] = [];
  const check = (where: string, platforms: readonly Platform[]) => {
    if (platforms.length === 0) return;
    const forHosts = platforms.filter((one) =>
      HOST_LINES.includes(one.productLine.toLowerCase()) || one.productLine === ""
    );
    const names = platforms.map((one) => `${one.productLine} ${one.version}`.trim()).join(", ");
    if (forHosts.length === 0) {
      findings.push(finding("driver-architecture", where, `it is for ${names}, not for hosts`));
    } else if (version !== undefined && !forHosts.some((one) => fits(one.version, version))) {
      const what = `it is for ${names}, and the installer is ESXi ${version}`;
      findings.push(finding("driver-release", where, what));
    }
  };
  check(driver.source.name, driver.platforms);
  for (const { source, descriptor } of driver.vibs) check(source.name, descriptor.platforms);
  return findings;
}

/** Whether a version like `8.*`, `8.0.0` or nothing means a release: its update does not count. */
function fits(wanted: string, version: string): boolean {
  const numbers = version.split(".");
  return wanted === "" ||
    wanted.split(".").slice(0, 2).every((part, i) => part === "*" || part === numbers[i]);
}

function checkVib(vib: Vib, inputs: Inputs): Finding[] {
  const { descriptor, source: { name } } = vib;
  const findings: Finding[] = [];
  if (!isDriver(descriptor)) {
    findings.push(
      finding("driver-none", name, `${descriptor.name} brings no module of the kernel`),
    );
  }
  const release = releaseProblem(vib, inputs.version);
  if (release !== undefined) findings.push(finding("driver-release", name, release));
  const { architecture } = inputs;
  const machines = vib.payloads.flatMap((payload) => payload.machines);
  if (
    architecture !== undefined && machines.length > 0 &&
    !machines.includes(ELF_MACHINE[architecture])
  ) {
    const what = `its programs are not for ${architecture}, as the installer is`;
    findings.push(finding("driver-architecture", name, what));
  }
  return findings;
}

/** Checks what a host asks of a VIB that it installs, and not of a module that it loads. */
function checkInstallation(vib: Vib, inputs: Inputs): Finding[] {
  const { descriptor, source: { name } } = vib;
  const findings: Finding[] = [];
  const payload = vib.payloads.find(({ unpackedSha256 }) => unpackedSha256 === undefined);
  const [major = 0] = releaseOf(inputs.version) ?? [];
  if (major >= 8 && payload !== undefined) {
    const what =
      `its payload ${payload.name} has no SHA-256 of what it unpacks to, without which ESXi 8 ` +
      "and later install nothing";
    const remedy = "pass a newer driver, or FILE:module-only to keep it a boot module";
    findings.push(finding("driver-release", name, what, remedy));
  }
  const isCommunity = descriptor.acceptanceLevel === "community";
  if (!isCommunity && !vib.isSigned) {
    const what = `${descriptor.name} is ${descriptor.acceptanceLevel} and not signed`;
    findings.push(finding("driver-unsigned", name, what, "pass the signed driver"));
  } else if (isCommunity && !inputs.allowCommunityDrivers) {
    const what = `${descriptor.name} is CommunitySupported, which hosts do not take`;
    const remedy = "pass --allow-community-drivers if hosts may be set to that level";
    findings.push(finding("driver-unsigned", name, what, remedy));
  }
  return findings;
}

function releaseProblem({ descriptor }: Vib, version?: string): string | undefined {
  const release = releaseOf(version);
  if (release === undefined) return undefined;
  const [major, minor] = release;
  const old = descriptor.depends.find((need) => OLD_API.test(need));
  if (major >= 7 && old !== undefined) {
    return `it needs ${old}, which releases before 7.0 had, and the installer is ESXi ${version}`;
  }
  const [, forMajor, forMinor] = BUILT_FOR.exec(descriptor.version) ?? [];
  const isNewer = Number(forMajor) > major ||
    (Number(forMajor) === major && Number(forMinor) > minor);
  if (isNewer) return `it was made for ESXi ${forMajor}.${forMinor}, the installer is ${version}`;
  return undefined;
}

function checkDoubles(drivers: readonly Driver[]): Finding[] {
  const modules = drivers.filter(({ kind }) => kind === "module").map(({ source }) => source.name);
  const findings = [...new Set(modules.filter((name, i) => modules.indexOf(name) < i))]
    .map((name) => finding("driver-double", name, "it is given twice", "pass it once"));
  const names = new Map<string, Vib>();
  const files = new Map<string, VibDescriptor>();
  for (const vib of drivers.flatMap((driver) => driver.vibs)) {
    const { descriptor, source } = vib;
    const other = names.get(descriptor.name);
    if (other !== undefined) {
      const versions = [descriptor.version, other.descriptor.version];
      const what = `it is ${descriptor.name} ${versions[0]}, and ${other.source.name} is it, too` +
        (versions[0] === versions[1] ? "" : `, as ${versions[1]}`);
      const isOneBundle = drivers.some(({ vibs }) =>
        [vib, other].every((one) => vibs.some((known) => known === one))
      );
      const remedy = isOneBundle ? "unpack it, and pass the VIB for this release" : undefined;
      findings.push(finding("driver-double", source.name, what, remedy));
      continue;
    }
    names.set(descriptor.name, vib);
    const file = descriptor.files.find((path) => files.has(path));
    if (file !== undefined && !descriptor.isOverlay) {
      const what = `it brings /${file}, and so does ${files.get(file)!.name}`;
      findings.push(finding("driver-double", source.name, what));
    }
    for (const path of descriptor.files) files.set(path, descriptor);
  }
  return findings;
}

function checkSize(drivers: readonly Driver[], { version, bankBytes = 0 }: Inputs): Finding[] {
  const release = releaseOf(version);
  if (release === undefined) return [];
  // A VIB is hardly larger than its payloads, which are there as modules.
  const needBytes = drivers.reduce(
    (sum, { kind, source, vibs, isModuleOnly }) =>
      sum + (kind === "module" ? source.sizeBytes : 0) +
      vibs.reduce((all, vib) => all + (isModuleOnly ? 1 : 2) * vib.source.sizeBytes, 0),
    0,
  );
  const freeBytes = Math.max(BANK_BYTES(release[0]) - bankBytes, FREE_BYTES);
  if (needBytes <= freeBytes) return [];
  const mb = (bytes: number) => `${Math.ceil(bytes / MB)} MB`;
  const what = `the drivers take ${mb(needBytes)} of a boot bank, where ${mb(freeBytes)} are free`;
  return [finding("driver-large", "--driver", what)];
}
