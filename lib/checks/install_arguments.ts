/**
 * Checks `--install-disk`: arguments of the kickstart's `install`.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { readStatement } from "../esxi/kickstart/parse.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";
import { checkStatement } from "./kickstart_commands.ts";

const OPTION = "--install-disk";

/** Checks the arguments that were given, if any were. */
export function checkInstallArguments({ installDisk, version }: Inputs): Finding[] {
  if (installDisk === undefined) return [];
  if (installDisk.trim() === "") {
    return [finding("install-arguments", OPTION, "it is empty")];
  }
  const statement = readStatement(`install ${installDisk}`, 1);
  if (statement === undefined) return [];
  const [first] = statement.words;
  if (first === undefined || !first.value.startsWith("--")) {
    const what = "it is no argument of install";
    return [finding("install-arguments", OPTION, what, "pass --disk=NAME, --firstdisk, …")];
  }
  return checkStatement(statement, OPTION, version).map((found) => {
    const code = found.code === "kickstart-other-disk" ? "install-names-disk" : "install-arguments";
    return finding(
      code,
      OPTION,
      found.what,
      code === "install-names-disk" ? undefined : found.remedy,
    );
  });
}
