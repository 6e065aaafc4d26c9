/**
 * A boot.cfg for a boot over the network: VMware's manual ("Boot the ESXi Installer by Using …")
 * wants names without leading slashes below a `prefix=`, and no `cdromBoot`. Without a prefix names
 * are relative to the folder of boot.cfg itself.
 *
 * @module
 */

import { folderOf, keyedLines, parseBootCfg, splitWords } from "../esxi/boot_cfg.ts";
import { checkLimits } from "../esxi/boot_cfg_limits.ts";
import { setValues } from "../esxi/edit_boot_cfg.ts";

/** Keys whose values are paths, or lists of them. */
const PATHS = ["kernel", "modules", "crypto", "acpitables"];
/** What tells the installer to look for a CD. */
const CD_OPTION = "cdromboot";

/**
 * Makes a boot.cfg find everything over the network.
 *
 * @param prefix Where the files are, a folder of the server or a URL; without it, where boot.cfg is.
 * @param isBesideFiles Whether it lies in the folder that the files are in. If it does not and there
 * is no prefix, its paths stay absolute: they are right if that folder is the server's root.
 * @throws {Failure} `boot-cfg` if the boot loader would misread it.
 */
export function networkBootCfg(
  text: string,
  path: string,
  prefix: string | undefined,
  isBesideFiles: boolean,
): string {
  const lines = keyedLines(text, path);
  const changes = new Map<string, string>();
  const options = splitWords(lines.get("kernelopt")?.value ?? "");
  const kept = options.filter((word) => word.toLowerCase() !== CD_OPTION);
  if (kept.length < options.length) changes.set("kernelopt", kept.join(" "));
  if (prefix !== undefined || isBesideFiles) {
    for (const key of PATHS) {
      const value = lines.get(key)?.value;
      if (value !== undefined) changes.set(key, withoutSlashes(value));
    }
    changes.set("prefix", prefix ?? "");
  }
  const edited = setValues(text, changes, path);
  const given = { reserve: undefined, hasKernelOptions: true, hasModules: true };
  checkLimits(parseBootCfg(edited, path), folderOf(path), path, given);
  return edited;
}

/** Removes the slashes that the paths of a list begin with; spelling and blanks stay. */
function withoutSlashes(list: string): string {
  return list.split("---").map((item) => item.replace(/^(\s*)[/\\]+/, "$1")).join("---");
}
