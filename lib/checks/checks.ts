/**
 * The list of checks that all commands share: what is made of the same inputs is told the same.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import type { Installer } from "../esxi/installer.ts";
import type { Inputs } from "./inputs.ts";
import { checkCertificates } from "./certificates.ts";
import { checkInstaller } from "./installer.ts";
import { checkHosts } from "./hosts.ts";
import { checkKickstart } from "./kickstart.ts";
import { checkLogin } from "./login.ts";
import { checkMedium } from "./medium.ts";
import { bankBytes, checkDrivers } from "./drivers.ts";
import { checkShippedDrivers } from "./shipped_drivers.ts";
import { checkMetadata } from "./metadata.ts";
import { checkModules } from "./modules.ts";
import { checkInstallArguments } from "./install_arguments.ts";
import { checkOptions } from "./options.ts";
import { checkPassword } from "./password.ts";
import { checkSshKeys } from "./ssh_keys.ts";

const CHECKS: readonly ((inputs: Inputs) => Finding[])[] = [
  checkPassword,
  checkSshKeys,
  checkCertificates,
  checkMetadata,
  checkModules,
  checkDrivers,
  checkShippedDrivers,
  checkInstallArguments,
  checkOptions,
  checkKickstart,
  checkHosts,
  checkLogin,
  checkMedium,
];

/**
 * Checks the inputs of a build: errors first, then warnings, then notes.
 *
 * @param installer The installer that they are for, where it is known.
 */
export function checkInputs(inputs: Inputs, installer?: Installer): Finding[] {
  const known = installer === undefined ? inputs : {
    ...inputs,
    version: installer.version,
    architecture: installer.architecture,
    shippedVibs: installer.vibs,
    bootModules: installer.bootCfgs[0]?.cfg.modules.map(({ path }) => path),
    bankBytes: inputs.drivers?.length ? bankBytes(installer) : undefined,
  };
  const findings = [
    ...CHECKS.flatMap((check) => check(known)),
    ...installer === undefined ? [] : checkInstaller(installer),
  ];
  const of = (severity: Finding["severity"]) =>
    findings.filter((finding) => finding.severity === severity);
  return [...of("error"), ...of("warning"), ...of("note")];
}
