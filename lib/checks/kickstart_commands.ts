/**
 * Checks the commands of a kickstart, one by one, against ESXi's language.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { COMMANDS, DISK_OPTIONS, hasOption } from "../esxi/kickstart/commands.ts";
import { optionValue, type Statement, type Word } from "../esxi/kickstart/parse.ts";
import { hashProblem, isCryptHash, passwordWeakness } from "../esxi/password.ts";
import { type CheckCode, finding } from "./codes.ts";
import { checkNetwork } from "./kickstart_network.ts";

/** Makes a finding about a word of a statement. */
export type Report = (code: CheckCode, word: Word, what: string, remedy?: string) => void;

/** What can be repeated without looking at it: a command's or an option's name. */
const NAME = /^-{0,2}%?[A-Za-z][\w-]{0,30}$/;
/** What a template has where a value belongs. */
const TEMPLATE_MARK =
  /\{\{.*?\}\}|\{%.*?%\}|\$\{[A-Za-z_]\w*\}|@@?[A-Z][A-Z0-9_]+@@?|<[A-Za-z][\w .-]*>/;
const WHOLE_MARK = new RegExp(`^(?:${TEMPLATE_MARK.source})$`);

/**
 * Checks a command. Values are repeated where none can be a secret.
 *
 * @param path The kickstart, for messages.
 * @param version The installer's release, if it is known.
 */
export function checkStatement(
  statement: Statement,
  path: string,
  version: string | undefined,
): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, { column }, what, remedy) => {
    findings.push(finding(code, `${path}:${statement.line}:${column}`, what, remedy));
  };
  const { name, words, openQuoteColumn } = statement;
  const text = words.map(({ value }) => value).join(" ");
  const hasMark = (name.value === "rootpw" ? WHOLE_MARK : TEMPLATE_MARK).test(text);
  const mark = TEMPLATE_MARK.test(name.value)
    ? name
    : hasMark
    ? words.find(({ value }) => /[{<$@]/.test(value)) ?? name
    : undefined;
  if (mark !== undefined) {
    report("kickstart-template-mark", mark, `${shown(name)} has a place that was not filled in`);
  } else if (openQuoteColumn !== undefined) {
    report("kickstart-quote", { ...name, column: openQuoteColumn }, "a quote is not closed");
  } else if (!Object.hasOwn(COMMANDS, name.value)) {
    report("kickstart-command", name, `ESXi has no command ${shown(name)}`);
  } else {
    checkWords(statement, version, report);
    if (findings.length === 0) checkMeaning(statement, report);
  }
  return findings;
}

function shown({ value }: Word): string {
  return NAME.test(value) ? value : "like this";
}

function checkWords(
  { name, words }: Statement,
  version: string | undefined,
  report: Report,
): void {
  const spec = COMMANDS[name.value]!;
  const others: Word[] = [];
  for (const word of words) {
    const [option = "", value] = splitOption(word.value);
    if (!word.value.startsWith("--") || (name.value === "rootpw" && option !== "--iscrypted")) {
      others.push(word);
      continue;
    }
    const known = Object.hasOwn(spec.options, option) ? spec.options[option] : undefined;
    const told = NAME.test(option) ? option : "like this";
    if (known === undefined) {
      report("kickstart-option", word, `${name.value} has no option ${told}`);
    } else if (!hasOption(known, version)) {
      report("kickstart-option", word, `${name.value} has no option ${told} in ESXi ${version}`);
    } else if (known.value === "required" && (value ?? "") === "") {
      const remedy = `write ${told}=VALUE, without blanks around the sign`;
      report("kickstart-option", word, `${name.value} ${told} lacks its value`, remedy);
    } else if (known.value === "none" && value !== undefined) {
      report("kickstart-option", word, `${name.value} ${told} takes no value`);
    }
  }
  if (others.length < spec.minWords) {
    report("kickstart-argument", name, `${name.value} lacks what it is about`);
  } else if (others.length > spec.maxWords) {
    const what = `${name.value} takes ${spec.maxWords === 0 ? "options alone" : "fewer words"}`;
    report("kickstart-argument", others[spec.maxWords]!, what);
  }
  const given = (names: readonly string[] = []) =>
    words.filter(({ value }) => names.includes(splitOption(value)[0]!));
  const choices = given(spec.oneOf);
  if (spec.oneOf !== undefined && choices.length !== 1) {
    const what = `${name.value} wants ${spec.oneOf.join(" or ")}, and one of them alone`;
    report("kickstart-argument", choices[1] ?? name, what);
  }
  const [, second] = given(spec.atMostOneOf);
  if (second !== undefined) {
    const what = `${name.value} takes only one of ${spec.atMostOneOf?.join(" and ")}`;
    report("kickstart-argument", second, what);
  }
}

function splitOption(word: string): string[] {
  const equals = word.indexOf("=");
  return equals === -1 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

function checkMeaning(statement: Statement, report: Report): void {
  const { name, words } = statement;
  switch (name.value) {
    case "network":
      return checkNetwork(statement, report);
    case "rootpw":
      return checkRootPassword(statement, report);
    case "dryrun":
      return report("kickstart-dryrun", name, "nothing will be installed");
    case "upgrade":
      return report("kickstart-upgrade", name, "an image replaces what upgrade would keep");
    case "clearpart":
    case "part":
    case "partition":
      return report("kickstart-other-disk", name, `${name.value} chooses a disk by itself`);
    case "install":
    case "installorupgrade": {
      const disk = words.find(({ value }) => /^--(?:disk|drive)=/.test(value));
      if (disk === undefined) return;
      const what = `${name.value} names a disk, which wins over the one that the image is on`;
      return report("kickstart-other-disk", disk, what);
    }
    case "serialnum":
    case "vmserialnum": {
      const key = optionValue(words, "--esx") ?? "";
      if (/^[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4}$/i.test(key)) return;
      const what = `${name.value} wants five groups of five characters, with dashes between them`;
      return report("kickstart-argument", name, what);
    }
  }
}

function checkRootPassword({ name, words }: Statement, report: Report): void {
  const isCrypted = words.some(({ value }) => value === "--iscrypted");
  const password = words.find(({ value }) => value !== "--iscrypted")!;
  if (isCrypted) {
    if (isCryptHash(password.value)) return;
    const what = hashProblem(password.value) ?? "it is no hash that ESXi takes";
    return report("kickstart-password-kind", password, `rootpw --iscrypted: ${what}`);
  }
  if (isCryptHash(password.value) || hashProblem(password.value) !== undefined) {
    const what = "rootpw is given a hash as if it were the password itself";
    return report("kickstart-password-kind", name, what, "put --iscrypted before it");
  }
  report("kickstart-plain-password", name, "rootpw has the password as plain text");
  const weakness = passwordWeakness(password.value);
  if (weakness !== undefined) {
    report("kickstart-password-weak", name, `ESXi would refuse the password: ${weakness}`);
  }
}

/** Whether arguments of `install` choose a disk at all, by the names of the options. */
export function choosesDisk(words: readonly Word[]): boolean {
  return words.some(({ value }) =>
    DISK_OPTIONS.some((option) => value === option || value.startsWith(`${option}=`))
  );
}
