/**
 * Checks for options that have no effect with the others: somebody expects something of them.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

/** The format that `--compress` is about. */
const COMPRESSIBLE = "qcow2";

/** Checks the options of a build. */
export function checkOptions(inputs: Inputs): Finding[] {
  const { options, hasPayload, medium } = inputs;
  const findings = checkAsIsOptions(inputs);
  const without = (option: string, what: string, remedy = "leave it out") =>
    findings.push(finding("option-no-effect", option, what, remedy));
  if (options?.compress && options.format !== COMPRESSIBLE) {
    without("--compress", `${options.format} is written as small as it can be`);
  }
  if (hasPayload) {
    const remedy = "pass it to esxi-img payload, or leave --payload out";
    const what = "a finished payload has its own";
    const own = {
      "--install-disk": inputs.installDisk !== undefined,
      "--require-metadata": inputs.requireMetadata,
      "--allow-ed25519": inputs.allowEd25519,
      "--allow-secure-boot": inputs.allowSecureBoot,
      "--vcenter-ca": inputs.vcenterCa !== undefined,
      "--vcenter-insecure": inputs.vcenterInsecure,
      "--maas-port-group": inputs.maasPortGroup,
    };
    for (const [option, isGiven] of Object.entries(own)) {
      if (isGiven) without(option, what, remedy);
    }
  } else {
    if (inputs.vcenterCa !== undefined && inputs.vcenterInsecure) {
      without("--vcenter-ca", "--vcenter-insecure checks no certificate", "leave one of them out");
    }
    if (medium !== undefined || options?.maas === false) {
      const what = "it is for what MAAS deploys, whose hook is not there";
      if (inputs.allowSecureBoot) without("--allow-secure-boot", what);
      if (inputs.maasPortGroup) without("--maas-port-group", what);
    }
  }
  if (inputs.allowCommunityDrivers && (inputs.drivers ?? []).length === 0) {
    without("--allow-community-drivers", "there is no driver");
  }
  if (options !== undefined && !options.maas && medium !== undefined) {
    without("--no-maas", "MAAS's hook is only on images of disks");
  }
  return findings;
}

/** What a kickstart that is used byte for byte makes of the other options. */
function checkAsIsOptions(inputs: Inputs): Finding[] {
  const { kickstart, isKickstartAsIs, rootPassword, sshKeys, metadata, installDisk } = inputs;
  const { drivers = [] } = inputs;
  if (!isKickstartAsIs || kickstart === undefined) return [];
  const text = decodeLatin1(kickstart.bytes);
  const runs = (script: string) => text.includes(`/esxiimg/${script}`);
  const includes = (name: string) => runs("pre.sh") && text.includes(`/tmp/esxiimg/${name}`);
  const isHostConfigured = runs("pre.sh") && runs("firstbt.sh");
  const given: readonly (readonly [option: string, isGiven: boolean, hasEffect: boolean])[] = [
    ["--root-password-file", rootPassword !== undefined, includes("rootpw")],
    ["--install-disk", installDisk !== undefined, includes("disk")],
    ["--ssh-key", sshKeys !== undefined, isHostConfigured],
    ["--metadata", metadata !== undefined, isHostConfigured],
    ["--driver", drivers.length > 0, runs("post.sh") && isHostConfigured],
  ];
  return given.filter(([, isGiven, hasEffect]) => isGiven && !hasEffect).map(([option]) => {
    const what = `${kickstart.path} is used as it is and does not look for it`;
    return finding("option-no-effect", option, what, "pass the kickstart with -k");
  });
}
