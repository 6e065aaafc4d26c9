/**
 * Merges a kickstart of the user's with ours. Commands that the build or the machine may know better
 * are included from files that %pre writes; every other line, and every script, stays as it is. There
 * is one %pre, ours, because the manual does not say that it may be repeated: it then runs theirs,
 * which are kept as files of the payload. %post and %firstboot run in the order in which they stand.
 *
 * Without a kickstart of the user's what comes out is the default one. Merging the result again
 * changes nothing.
 *
 * @module
 */

import { decodeLatin1, encodeLatin1 } from "../../blocks/latin1.ts";
import { findTheirs, type Theirs } from "./ours.ts";
import {
  interpreterOf,
  type Kickstart,
  parseKickstart,
  type Section,
  type Statement,
  statementsOf,
} from "./parse.ts";
import {
  CONFIGURE,
  DEFAULT_INSTALL_DISK,
  DEFAULT_NETWORK,
  type Defaults,
  FINISH,
  FIRST_BOOT,
  HEADER,
  includeLine,
  POST,
  renderPre,
  type Topic,
  TOPICS,
} from "./render.ts";

/** What the build decides about a kickstart. */
export interface MergeOptions {
  /** A crypt(3) hash; it replaces the user's `rootpw`. */
  readonly rootPasswordHash?: string | undefined;
  /** Arguments of `install`; they replace the user's. */
  readonly installDisk?: string | undefined;
  /** A template of the Python tool: `%include /tmp/rootpw` stands for our password file. */
  readonly isOldTemplate?: boolean | undefined;
}

/** What the guest has to know of the kickstart that it runs in, as it stands in image.json. */
export interface KickstartFacts {
  /** Whether `network` of the user's is used unless metadata brings a network. */
  readonly network: boolean;
  /** `install` or `installorupgrade`; null if the user's own command stays as it is. */
  readonly command: string | null;
  /** Files that the user's kickstart includes. */
  readonly includes: readonly string[];
  /** The user's %pre sections: files of the payload, and what runs them. */
  readonly pre: readonly { readonly file: string; readonly interpreter: string }[];
}

/** A file of the payload, its path relative to `esxiimg/`. */
export interface ScriptFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What a merge did to a line, or added. */
export interface Change {
  readonly kind: "added" | "dropped" | "included" | "replaced" | "wrapped";
  /** The line of the user's kickstart, from 1; nothing for what was added. */
  readonly line?: number;
  /** A command or a section. */
  readonly name: string;
}

/** A kickstart for the payload, and what belongs to it. */
export interface MergedKickstart {
  readonly bytes: Uint8Array;
  readonly facts: KickstartFacts;
  /** Whether the user's own `rootpw` is used unless metadata brings a password. */
  readonly hasPassword: boolean;
  /** Arguments of `install` that somebody has chosen. */
  readonly installDisk: string | undefined;
  readonly files: readonly ScriptFile[];
  readonly changes: readonly Change[];
}

/** The command that a topic's line begins with; more than one stand for the disk. */
const TOPIC_OF: Readonly<Record<string, Topic>> = {
  rootpw: "rootpw",
  network: "network",
  install: "disk",
  installorupgrade: "disk",
};
const OLD_PASSWORD_FILE = "/tmp/rootpw";

/** Merges a kickstart, or makes the default one. */
export function mergeKickstart(
  theirs: Uint8Array = new Uint8Array(),
  options: MergeOptions = {},
): MergedKickstart {
  const kickstart = parseKickstart(decodeLatin1(theirs));
  const sections = findTheirs(kickstart);
  const changes: Change[] = [];
  const given = chooseDefaults(kickstart, sections, options, changes);
  const commands = mergeCommands(kickstart, given, options, changes);
  for (const line of kickstart.endLines) changes.push({ kind: "dropped", line, name: "%end" });
  for (const { name, line } of [...sections.pre, ...sections.post, ...sections.firstBoot]) {
    changes.push({ kind: "wrapped", line, name });
  }
  const text = [
    ...commands,
    "\n",
    renderPre(given.defaults, sections.pre.map(sectionText)),
    POST,
    ...sections.post.map(sectionText),
    ...sections.firstBoot.length === 0
      ? [FIRST_BOOT]
      : [CONFIGURE, ...sections.firstBoot.map(sectionText), FINISH],
  ].join("");
  const files = sections.pre.map(preFile);
  const interpreters = sections.pre.map(interpreterOf);
  return {
    bytes: encodeLatin1(text),
    facts: {
      network: given.defaults.chosen.has("network"),
      command: given.command,
      includes: includedFiles(kickstart, options),
      pre: files.map(({ path }, i) => ({ file: path, interpreter: interpreters[i] ?? "busybox" })),
    },
    hasPassword: given.isTheirPassword,
    installDisk: given.defaults.chosen.has("disk")
      ? given.defaults.disk.replace(/^\S+\s*/, "")
      : undefined,
    files,
    changes,
  };
}

/** The files that the user's kickstart includes, without ours. */
export function includedFiles(kickstart: Kickstart, options: MergeOptions = {}): string[] {
  return statementsOf(kickstart).filter((statement) =>
    isInclude(statement) && topicOf(statement, kickstart, options) === undefined
  ).flatMap(({ words }) => words.slice(0, 1).map(({ value }) => value));
}

function isInclude({ name }: Statement): boolean {
  return name.value === "%include" || name.value === "include";
}

/** Which of the included files a command's place is taken by, if by any. */
function topicOf(
  statement: Statement,
  { sections }: Kickstart,
  { isOldTemplate = false }: MergeOptions,
): Topic | undefined {
  if (!isInclude(statement)) {
    const name = statement.name.value;
    return Object.hasOwn(TOPIC_OF, name) ? TOPIC_OF[name] : undefined;
  }
  const path = statement.words[0]?.value;
  if (isOldTemplate && path === OLD_PASSWORD_FILE) {
    const isWritten = sections.some(({ name, body }) => name === "%pre" && body.includes(path));
    return isWritten ? undefined : "rootpw";
  }
  return TOPICS.find((topic) => path === `/tmp/esxiimg/${topic}`);
}

interface Given {
  readonly defaults: Defaults;
  readonly isTheirPassword: boolean;
  readonly command: string | null;
}

/** What %pre writes: what the build was told, else the user's line, else the default. */
function chooseDefaults(
  kickstart: Kickstart,
  sections: Theirs,
  options: MergeOptions,
  changes: Change[],
): Given {
  const statements = statementsOf(kickstart);
  const own = (topic: Topic) =>
    statements.findLast(({ name }) =>
      Object.hasOwn(TOPIC_OF, name.value) &&
      TOPIC_OF[name.value] === topic
    );
  const lineOf = (topic: Topic) => {
    const statement = own(topic);
    return statement === undefined
      ? sections.defaults.get(topic)
      : { line: commandText(kickstart, statement), isChosen: true };
  };
  const note = (topic: Topic, isReplaced: boolean) => {
    const statement = own(topic);
    if (statement === undefined) return;
    const { line, name } = statement;
    changes.push({ kind: isReplaced ? "replaced" : "included", line, name: name.value });
  };
  const { rootPasswordHash, installDisk } = options;
  const password = lineOf("rootpw");
  const disk = lineOf("disk");
  const network = lineOf("network");
  note("rootpw", rootPasswordHash !== undefined);
  note("disk", installDisk !== undefined);
  note("network", false);
  const verb = disk?.line.split(/\s/)[0] ?? "install";
  const isUpgrade = statements.some(({ name }) => name.value === "upgrade") &&
    !statements.some((statement) => topicOf(statement, kickstart, options) === "disk");
  const chosen = new Set<Topic>();
  if (installDisk !== undefined || disk?.isChosen) chosen.add("disk");
  if (network?.isChosen) chosen.add("network");
  return {
    defaults: {
      rootpw: rootPasswordHash === undefined
        ? password?.line
        : `rootpw --iscrypted ${rootPasswordHash}`,
      disk: installDisk === undefined
        ? disk?.line ?? `install ${DEFAULT_INSTALL_DISK}`
        : `${verb} ${installDisk}`,
      network: network?.line ?? DEFAULT_NETWORK,
      chosen,
    },
    isTheirPassword: rootPasswordHash === undefined && password !== undefined,
    command: isUpgrade ? null : verb,
  };
}

/** The command part, with ours at the places of theirs and what is missing at the end. */
function mergeCommands(
  kickstart: Kickstart,
  { command }: Given,
  options: MergeOptions,
  changes: Change[],
): string[] {
  const has = (...names: string[]) =>
    statementsOf(kickstart).some(({ name }) => names.includes(name.value));
  const commands = [HEADER];
  const add = (name: string, line: string) => {
    commands.push(line);
    changes.push({ kind: "added", name });
  };
  if (!has("vmaccepteula", "accepteula")) add("vmaccepteula", "vmaccepteula\n");
  const placed = new Set<Topic>();
  for (const { text, statement } of kickstart.lines) {
    if (text.trimEnd() === HEADER.trimEnd()) continue;
    const topic = statement && topicOf(statement, kickstart, options);
    if (statement === undefined || topic === undefined) {
      commands.push(text.endsWith("\n") ? text : `${text}\n`);
    } else if (placed.has(topic)) {
      changes.push({ kind: "dropped", line: statement.line, name: statement.name.value });
    } else {
      placed.add(topic);
      commands.push(includeLine(topic));
    }
  }
  while (commands.at(-1)?.trim() === "") commands.pop();
  for (const topic of TOPICS) {
    if (placed.has(topic) || (topic === "disk" && command === null)) continue;
    add(topic === "disk" ? "install" : topic, includeLine(topic));
  }
  if (!has("reboot")) add("reboot", "reboot\n");
  return commands;
}

/** A command as it stands, without a comment behind it. */
function commandText({ lines }: Kickstart, wanted: Statement): string {
  const { text } = lines.find(({ statement }) => statement === wanted)!;
  const last = wanted.words.at(-1) ?? wanted.name;
  return text.slice(wanted.name.column - 1, last.endColumn - 1);
}

function sectionText({ header, body }: Section): string {
  return header + body;
}

/** Short names: what unpacks the payload may know no longer ones. */
function preFile(section: Section, index: number): ScriptFile {
  const suffix = interpreterOf(section) === "python" ? "py" : "sh";
  return { path: `theirs/pre${index + 1}.${suffix}`, bytes: encodeLatin1(section.body) };
}
