/**
 * The list of checks that all commands share: what is made of the same inputs is told the same.
 * Those of inputs that few builds have are loaded when they are needed.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import type { Installer } from "../esxi/installer.ts";
import type { Inputs } from "./inputs.ts";
import { checkInstaller } from "./installer.ts";
import { checkLogin } from "./login.ts";
import { checkMedium } from "./medium.ts";
import { checkOptions } from "./options.ts";
import { checkPassword } from "./password.ts";

type Check = (inputs: Inputs) => Finding[];

/** In the order in which findings are told; with the input that has to be there for a check. */
const CHECKS:
  readonly (readonly [needs: keyof Inputs | null, load: () => Promise<Check> | Check])[] = [
    [null, () => checkPassword],
    ["sshKeys", async () => (await import("./ssh_keys.ts")).checkSshKeys],
    ["vcenterCa", async () => (await import("./certificates.ts")).checkCertificates],
    ["metadata", async () => (await import("./metadata.ts")).checkMetadata],
    ["modules", async () => (await import("./modules.ts")).checkModules],
    ["drivers", async () => (await import("./drivers.ts")).checkDrivers],
    ["drivers", async () => (await import("./shipped_drivers.ts")).checkShippedDrivers],
    ["installDisk", async () => (await import("./install_arguments.ts")).checkInstallArguments],
    [null, () => checkOptions],
    ["kickstart", async () => (await import("./kickstart.ts")).checkKickstart],
    ["metadata", async () => (await import("./hosts.ts")).checkHosts],
    [null, () => checkLogin],
    [null, () => checkMedium],
  ];

/**
 * Checks the inputs of a build: errors first, then warnings, then notes.
 *
 * @param installer The installer that they are for, where it is known.
 */
export async function checkInputs(inputs: Inputs, installer?: Installer): Promise<Finding[]> {
  const known = installer === undefined ? inputs : {
    ...inputs,
    version: installer.version,
    architecture: installer.architecture,
    shippedVibs: installer.vibs,
    bootModules: installer.bootCfgs[0]?.cfg.modules.map(({ path }) => path),
    bankBytes: has(inputs, "drivers")
      ? (await import("./drivers.ts")).bankBytes(installer)
      : undefined,
  };
  const findings: Finding[] = [];
  for (const [needs, load] of CHECKS) {
    if (needs === null || has(inputs, needs)) findings.push(...(await load())(known));
  }
  if (installer !== undefined) findings.push(...checkInstaller(installer));
  const of = (severity: Finding["severity"]) =>
    findings.filter((finding) => finding.severity === severity);
  return [...of("error"), ...of("warning"), ...of("note")];
}

function has(inputs: Inputs, name: keyof Inputs): boolean {
  const input = inputs[name];
  return input !== undefined && !(Array.isArray(input) && input.length === 0);
}
