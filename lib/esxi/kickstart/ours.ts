/**
 * Finds our own part in a kickstart that went through esxi-img before, so that merging it again
 * changes nothing and what its reader has changed since counts as theirs.
 *
 * @module
 */

import { type Kickstart, parseKickstart, type Section } from "./parse.ts";
import {
  CHOSEN,
  CONFIGURE,
  DEFAULT_INSTALL_DISK,
  DEFAULT_NETWORK,
  FINISH,
  FIRST_BOOT,
  KEPT_PREFIX,
  POST,
  renderPre,
  type Topic,
} from "./render.ts";

/** What runs our code: with this line in it a section is ours. */
const OUR_COMMAND = /^sh \/esxiimg\/(?:pre|post|firstbt)\.sh(?: configure| finish)?\r?$/m;
const HERE_DOCUMENT =
  /^((?:# Chosen, not the default:\r?\n)?)cat > \/tmp\/esxiimg\/(rootpw|disk|network) <<'END'\r?\n(.*?)\r?\nEND\r?\n/gm;

/** What a kickstart holds of the user's. */
export interface Theirs {
  readonly pre: readonly Section[];
  readonly post: readonly Section[];
  readonly firstBoot: readonly Section[];
  /** Commands that stand in our %pre section, and whether somebody has chosen them. */
  readonly defaults: ReadonlyMap<Topic, { readonly line: string; readonly isChosen: boolean }>;
}

/** Separates the user's sections from ours. */
export function findTheirs({ sections }: Kickstart): Theirs {
  const defaults = new Map<Topic, { line: string; isChosen: boolean }>();
  const found = { pre: [] as Section[], post: [] as Section[], firstBoot: [] as Section[] };
  for (const section of sections) {
    const kind = KINDS[section.name];
    if (kind === undefined) continue; // another system's, which is refused elsewhere
    const list = found[kind];
    if (!isOurs(section)) {
      list.push(withLastBreak(section));
      continue;
    }
    let rest = section.body.replaceAll(HERE_DOCUMENT, (_all, mark, topic: Topic, line) => {
      defaults.set(topic, { line, isChosen: mark !== "" || line !== DEFAULTS[topic] });
      return "";
    });
    list.push(...keptSections(section));
    rest = rest.split(/(?<=\n)/).filter((line) => !isOurLine(line.trimEnd())).join("");
    if (/^\s*[^#\s]/m.test(rest)) list.push(withLastBreak({ ...section, body: rest }));
  }
  return { ...found, defaults };
}

/** Whether a section runs our code. */
export function isOurs(section: Section): boolean {
  return OUR_COMMAND.test(section.body);
}

const KINDS: Readonly<Record<string, "pre" | "post" | "firstBoot">> = {
  "%pre": "pre",
  "%post": "post",
  "%firstboot": "firstBoot",
};
const DEFAULTS: Partial<Record<Topic, string>> = {
  disk: `install ${DEFAULT_INSTALL_DISK}`,
  network: DEFAULT_NETWORK,
};

/** The %pre sections that stand in ours as comments. */
function keptSections({ line, body }: Section): Section[] {
  const lines = body.split(/(?<=\n)/);
  const first = lines.findIndex((text) => text.startsWith(KEPT_PREFIX));
  if (first === -1) return [];
  const text = lines.filter((text) => text.startsWith(KEPT_PREFIX))
    .map((text) => text.slice(KEPT_PREFIX.length)).join("");
  const beforeLines = line + first;
  return parseKickstart(text).sections.map((section) =>
    withLastBreak({ ...section, line: section.line + beforeLines })
  );
}

const OUR_LINES = new Set(
  [
    renderPre({ disk: "", network: "", chosen: new Set() }, []),
    renderPre({ rootpw: "", disk: "", network: "", chosen: new Set() }, ["x\n"]),
    POST,
    FIRST_BOOT,
    CONFIGURE,
    FINISH,
    CHOSEN,
  ].join("").split("\n"),
);

function isOurLine(line: string): boolean {
  return OUR_LINES.has(line) || line.startsWith(KEPT_PREFIX);
}

/** A section that ends the file may lack its last line break, and something follows it now. */
function withLastBreak(section: Section): Section {
  const end = (text: string) => text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const header = section.body === "" ? end(section.header) : section.header;
  return { ...section, header, body: end(section.body) };
}
