/**
 * Checks that a file can be a kickstart of ESXi's at all, before it is read as one.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { COMMANDS } from "../esxi/kickstart/commands.ts";
import { type Kickstart, statementsOf } from "../esxi/kickstart/parse.ts";
import { finding } from "./codes.ts";
import type { InputFile } from "./inputs.ts";

/** Tabs, line breaks, form feeds and escapes occur in texts; these do not. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/;
/** How files begin that other systems' installers read. */
const OTHER_FORMATS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^#cloud-config\b|^autoinstall:/m, "a cloud-config"],
  [/^d-i [a-z]/m, "a preseed file of Debian's installer"],
  [/^\s*<\?xml|^\s*<(?:unattend|profile)\b/, "an XML file"],
  [/^\s*\{/, "a JSON file"],
  [/^#!/, "a script"],
];
/** Commands of Red Hat's installer that ESXi's does not know. */
const RED_HAT = new Set(
  ("lang url timezone bootloader repo auth authconfig authselect selinux firewall autopart text " +
    "cmdline graphical skipx services user group zerombr ignoredisk volgroup logvol xconfig " +
    "firstboot eula cdrom nfs liveimg ostreesetup syspurpose sshpw").split(" "),
);

/** What keeps a file from being read as a kickstart; nothing if it can be. */
export function checkKickstartText({ path, bytes }: InputFile): Finding[] {
  const text = decodeLatin1(bytes);
  if (/^(?:\xff\xfe|\xfe\xff)/.test(text) || looksLikeUtf16(bytes)) {
    return [finding("kickstart-utf16", path, "it is stored as UTF-16")];
  }
  const binaryAt = text.search(BINARY);
  if (binaryAt !== -1) {
    const line = text.slice(0, binaryAt).split("\n").length;
    return [finding("kickstart-binary", `${path}:${line}`, "it holds bytes that no text has")];
  }
  const withoutMark = text.replace(/^\xef\xbb\xbf/, "");
  const other = OTHER_FORMATS.find(([pattern]) => pattern.test(withoutMark));
  return other === undefined ? [] : [finding("kickstart-foreign", path, `it is ${other[1]}`)];
}

/** Every other byte of a text in a Latin script is zero. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 512);
  const zeros = (parity: number) =>
    head.filter((byte, index) => index % 2 === parity && byte === 0).length;
  return head.length >= 4 && Math.max(zeros(0), zeros(1)) * 2 > head.length * 0.8;
}

/** What tells that a kickstart is another system's, or holds nothing. */
export function checkKickstartKind(path: string, kickstart: Kickstart): Finding[] {
  const statements = statementsOf(kickstart);
  const names = [
    ...statements.map(({ name }) => name.value).filter((name) =>
      RED_HAT.has(name) && !Object.hasOwn(COMMANDS, name)
    ),
    ...kickstart.sections.map(({ name }) => name).filter((name) => /^%(?:pa|ad|an)/.test(name)),
  ];
  if (names.length > 0) {
    const what = `it is a kickstart of Red Hat's installer (${[...new Set(names)].join(", ")})`;
    return [finding("kickstart-foreign", path, what)];
  }
  const isEmpty = statements.length === 0 && kickstart.sections.every(({ body }) => !body.trim());
  return isEmpty ? [finding("kickstart-empty", path, "it holds no command")] : [];
}
