/**
 * Checks a kickstart: whether it is one, its commands, its sections, and what a merge makes of it.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { INTERPRETERS, SECTION_OPTIONS } from "../esxi/kickstart/commands.ts";
import { includedFiles } from "../esxi/kickstart/merge.ts";
import { isOurs } from "../esxi/kickstart/ours.ts";
import {
  interpreterOf,
  type Kickstart,
  optionValue,
  parseKickstart,
  type Section,
  SECTION_NAMES,
  statementsOf,
} from "../esxi/kickstart/parse.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";
import { checkStatement } from "./kickstart_commands.ts";
import { describeMerge } from "./kickstart_merge.ts";
import { checkKickstartKind, checkKickstartText } from "./kickstart_text.ts";

/** In a script for busybox or python, what restarts the host or switches it off. */
const RESTART =
  /^\s*(?:\/s?bin\/)?(?:reboot|poweroff|halt|shutdown)\b|\besxcli\s+system\s+shutdown\s|["'](?:\/s?bin\/)?(?:reboot|poweroff|halt)\b/;
/** Only the plainest mark: braces, dollars and angle brackets are of the scripts' languages. */
const SCRIPT_MARK = /\{\{ *[A-Za-z_][\w.]* *\}\}|<(?:YOUR_)?(?:PASSWORD|HOSTNAME|IP|LICENSE)\w*>/;
const MARK = "\xef\xbb\xbf";

/** Checks the kickstart that was given, if one was. */
export function checkKickstart(inputs: Inputs): Finding[] {
  const { kickstart: file, version, isKickstartAsIs = false } = inputs;
  if (file === undefined) return [];
  const { path } = file;
  const unreadable = checkKickstartText(file);
  if (unreadable.length > 0) return unreadable;
  const text = decodeLatin1(file.bytes);
  const hasMark = text.startsWith(MARK);
  const kickstart = parseKickstart(hasMark && !isKickstartAsIs ? text.slice(MARK.length) : text);
  const otherKind = checkKickstartKind(path, kickstart);
  if (otherKind.length > 0) return otherKind;
  return [
    ...hasMark ? [finding("kickstart-bom", path, "it begins with a byte order mark")] : [],
    ...text.includes("\r\n")
      ? [finding("kickstart-crlf", `${path}:${lineOf(text, "\r\n")}`, "its lines end with CR LF")]
      : [],
    ...statementsOf(kickstart).flatMap((one) => checkStatement(one, path, version)),
    ...kickstart.sections.flatMap((section) => checkSection(section, path)),
    ...checkIncludes(kickstart, inputs, path),
    ...checkPlaces(kickstart, path),
    ...describeMerge(kickstart, file, inputs),
  ];
}

function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split("\n").length;
}

function checkSection(section: Section, path: string): Finding[] {
  const { name, line, options, body } = section;
  const at = (column: number) => `${path}:${line}:${column}`;
  const wrong = (column: number, what: string, remedy?: string) =>
    finding("kickstart-section", at(column), what, remedy);
  if (!SECTION_NAMES.some((known) => known === name)) {
    return [wrong(1, `ESXi has no section ${name}`)];
  }
  const findings: Finding[] = [];
  for (const { value, column } of options) {
    const option = value.replace(/=.*/s, "");
    if (!Object.hasOwn(SECTION_OPTIONS, option)) {
      findings.push(wrong(column, `${name} has no option ${option}`));
    } else if (!value.includes("=") || value.endsWith("=")) {
      findings.push(wrong(column, `${name} ${option} lacks its value`, `write ${option}=VALUE`));
    }
  }
  const interpreter = interpreterOf(section);
  if (!INTERPRETERS.includes(interpreter) && findings.length === 0) {
    findings.push(wrong(1, `${name} is run by busybox or python, not by ${interpreter}`));
  }
  const timeout = optionValue(options, "--timeout");
  if (timeout !== undefined && !/^\d*$/.test(timeout)) {
    findings.push(wrong(1, `${name} --timeout is a number of seconds`));
  }
  const ignored = optionValue(options, "--ignorefailure");
  if (ignored !== undefined && !/^(?:true|false|)$/.test(ignored)) {
    findings.push(wrong(1, `${name} --ignorefailure is true or false`));
  }
  return [...findings, ...isOurs(section) ? [] : checkScript(name, line, body, path)];
}

function checkScript(name: string, line: number, body: string, path: string): Finding[] {
  const findings: Finding[] = [];
  body.split("\n").forEach((text, index) => {
    if (/^\s*#/.test(text)) return;
    const where = `${path}:${line + 1 + index}`;
    if (SCRIPT_MARK.test(text)) {
      const what = `${name} has what looks like a place that was not filled in`;
      findings.push(finding("kickstart-mark-in-script", where, what));
    }
    if (name === "%firstboot" && RESTART.test(text)) {
      const what = "a %firstboot script restarts the host, or switches it off";
      findings.push(finding("kickstart-firstboot-restart", where, what));
    }
  });
  return findings;
}

function checkIncludes(kickstart: Kickstart, inputs: Inputs, path: string): Finding[] {
  const { isOldTemplate } = inputs;
  const scripts = kickstart.sections.filter(({ name }) => name === "%pre");
  return includedFiles(kickstart, { isOldTemplate }).flatMap((file) => {
    const base = file.split("/").at(-1) ?? file;
    const isWritten = file.startsWith("/vmfs/volumes/") ||
      scripts.some(({ body }) => body.includes(base));
    if (isWritten) return [];
    const { line, words } = statementsOf(kickstart).find(({ words }) => words[0]?.value === file)!;
    const what = `nothing writes ${file}, which is included`;
    const where = `${path}:${line}:${words[0]?.column}`;
    return [finding("kickstart-include-missing", where, what)];
  });
}

/** What stands where it does not belong, or once too often. */
function checkPlaces({ lines, sections, endLines }: Kickstart, path: string): Finding[] {
  const findings = endLines.slice(0, 1).map((line) =>
    finding("kickstart-end", `${path}:${line}`, "ESXi has no %end")
  );
  const firstSection = sections[0]?.line ?? Infinity;
  const seen = new Set<string>();
  for (const { statement } of lines) {
    if (statement === undefined) continue;
    const { name, line } = statement;
    const where = `${path}:${line}:${name.column}`;
    if (name.value === "%include" && line > firstSection) {
      const what = "it ends the script above it";
      findings.push(finding("kickstart-include-in-section", where, what));
    }
    const topic = name.value === "installorupgrade" ? "install" : name.value;
    if (["install", "rootpw", "network"].includes(topic) && seen.has(topic)) {
      findings.push(finding("kickstart-repeated", where, `${topic} stands here again`));
    }
    seen.add(topic);
  }
  return findings;
}
