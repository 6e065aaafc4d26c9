/**
 * Checks the installer: what a build can take but its user may not expect.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { isKickstart, splitWords } from "../esxi/boot_cfg.ts";
import type { Installer } from "../esxi/installer.ts";
import { KICKSTART_URL } from "../esxi/kickstart/render.ts";
import { finding } from "./codes.ts";

/** Checks an installer that a build takes. */
export function checkInstaller(installer: Installer): Finding[] {
  const { tree, bootCfgs, otherProblem, loaderProblem } = installer;
  const name = tree.source.name;
  const findings: Finding[] = [];
  for (const { file, cfg } of bootCfgs.slice(0, 1)) {
    const others = splitWords(cfg.kernelOptions)
      .filter((word) => isKickstart(word) && word !== `ks=${KICKSTART_URL}`);
    for (const word of others) {
      const what = `${word} of the ISO is replaced by the image's own kickstart`;
      findings.push(finding("boot-cfg-kickstart", `${name}: /${file.path}`, what));
    }
  }
  if (otherProblem !== undefined) {
    const what = `the boot.cfg that UEFI does not read stays as it is: ${otherProblem}`;
    findings.push(finding("boot-cfg-other", name, what));
  }
  if (loaderProblem !== undefined) findings.push(finding("installer-loader", name, loaderProblem));
  return findings;
}
