/**
 * Compares a boot.cfg with the one of the ISO that it was made from.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { isKickstart, splitWords } from "../esxi/boot_cfg.ts";
import { BOOT_OPTIONS } from "../esxi/boot_options.ts";
import { editBootCfg, optionName } from "../esxi/edit_boot_cfg.ts";
import type { BootCfgFile } from "../esxi/installer.ts";
import { KICKSTART_URL } from "../esxi/kickstart/render.ts";
import { PAYLOAD_NAME } from "../esxi/payload.ts";

/**
 * What differs between a boot.cfg and its edited copy besides what the build edits, one clause each.
 */
export function compareBootCfg(original: BootCfgFile, edited: BootCfgFile): string[] {
  const path = `/${edited.file.path}`;
  const problems: string[] = [];
  if (edited.text === original.text && !canBeEdited(original)) return problems;
  const before = original.cfg;
  const after = edited.cfg;
  const paths = after.modules.map((module) => `${module.path} ${module.options}`.trimEnd());
  const kept = before.modules.map((module) => `${module.path} ${module.options}`.trimEnd());
  if (kept.some((module, i) => module !== paths[i])) problems.push(`${path}: its modules changed`);
  if (!paths.includes(`/${PAYLOAD_NAME}`)) {
    problems.push(`${path}: it does not load /${PAYLOAD_NAME}`);
  }
  const words = splitWords(after.kernelOptions);
  const lost = splitWords(before.kernelOptions)
    .filter((word) => !isKickstart(word) && !words.includes(word))
    .filter((word) => !words.some((other) => optionName(other) === (optionName(word) ?? "=")));
  if (lost.length > 0) problems.push(`${path}: the kernel options ${lost.join(" ")} are missing`);
  const kickstarts = words.filter(isKickstart);
  if (kickstarts.length !== 1 || kickstarts[0] !== `ks=${KICKSTART_URL}`) {
    problems.push(`${path}: its kernel options do not name the kickstart once`);
  }
  if (otherLines(original.text) !== otherLines(edited.text)) {
    problems.push(`${path}: lines other than modules and kernelopt changed`);
  }
  return problems;
}

/** Whether the build could edit a boot.cfg: the one that UEFI does not read may stay as it was. */
function canBeEdited({ file, text }: BootCfgFile): boolean {
  const edits = { modules: [`/${PAYLOAD_NAME}`], kickstart: KICKSTART_URL, kernelOptions: [] };
  try {
    editBootCfg(text, edits, file.path);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** The lines that an edit leaves alone, whatever options it had. */
function otherLines(text: string): string {
  const edited = new RegExp(`^\\s*(?:modules|kernelopt|${BOOT_OPTIONS.join("|")})=`, "i");
  return text.split("\n").filter((line) => !edited.test(line)).join("\n").trimEnd();
}
