/**
 * Says what becomes of a kickstart: what a merge adds and replaces, or what one that is used as it
 * is lacks.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { type Change, includedFiles, mergeKickstart } from "../esxi/kickstart/merge.ts";
import { type Kickstart, statementsOf } from "../esxi/kickstart/parse.ts";
import { finding } from "./codes.ts";
import type { InputFile, Inputs } from "./inputs.ts";

/** What becomes of a kickstart whose language is checked elsewhere. */
export function describeMerge(
  kickstart: Kickstart,
  file: InputFile,
  inputs: Inputs,
): Finding[] {
  if (inputs.isKickstartAsIs) return checkAsIs(kickstart, file.path);
  const { rootPassword, installDisk, isOldTemplate } = inputs;
  // What the hash is makes no difference to what becomes of the lines.
  const rootPasswordHash = rootPassword === undefined ? undefined : "";
  const { changes } = mergeKickstart(file.bytes, { rootPasswordHash, installDisk, isOldTemplate });
  return changes.flatMap((change) => describeChange(change, file.path));
}

function describeChange({ kind, line, name }: Change, path: string): Finding[] {
  const where = line === undefined ? path : `${path}:${line}`;
  const note = (what: string) => [finding("kickstart-merged", where, what)];
  switch (kind) {
    case "added":
      if (name === "vmaccepteula") {
        return [finding("kickstart-no-eula", where, "it lacks vmaccepteula, which was added")];
      }
      if (name === "reboot") {
        return [finding("kickstart-no-reboot", where, "it lacks reboot, which was added")];
      }
      return note(`${name} was added`);
    case "replaced":
      return note(
        `${name} is replaced by ${name === "rootpw" ? "--root-password-file" : "--install-disk"}`,
      );
    case "included":
      return note(INCLUDED[name] ?? `${name} is included from a file of ours`);
    case "wrapped":
      return note(
        name === "%pre"
          ? "this %pre script runs after ours, from a file of the payload"
          : name === "%post"
          ? "this %post script runs after ours"
          : "this %firstboot script runs between ours",
      );
    case "dropped":
      return []; // %end has a finding of its own, and what is repeated another one
  }
}

const INCLUDED: Readonly<Record<string, string>> = {
  rootpw: "rootpw stays, unless the host's metadata brings a password",
  network: "network stays, unless the host's metadata brings a network",
  install: "install is put on the disk that the image was written to, and keeps its other flags",
  installorupgrade: "installorupgrade is put on the disk that the image was written to",
};

function checkAsIs(kickstart: Kickstart, path: string): Finding[] {
  const names = new Set(statementsOf(kickstart).map(({ name }) => name.value));
  const includes = new Set(statementsOf(kickstart).map(({ words }) => words[0]?.value));
  const mayInclude = (topic: string) =>
    includedFiles(kickstart).length > 0 || includes.has(`/tmp/esxiimg/${topic}`);
  const lacks = (...wanted: string[]) => !wanted.some((name) => names.has(name));
  return [
    ...lacks("vmaccepteula", "accepteula")
      ? [finding("kickstart-no-eula", path, "it lacks vmaccepteula: the installer asks")]
      : [],
    ...lacks("reboot")
      ? [finding("kickstart-no-reboot", path, "it lacks reboot: the installer waits for a key")]
      : [],
    ...lacks("install", "installorupgrade", "upgrade") && !mayInclude("disk")
      ? [finding("kickstart-no-install", path, "it installs nothing")]
      : [],
    ...lacks("rootpw") && !mayInclude("rootpw")
      ? [finding("kickstart-no-password", path, "it sets no password")]
      : [],
  ];
}
