/**
 * Writes `docs/checks.md` from the tables of the checks.
 *
 * @module
 */

import { KINDS } from "./codes.ts";
import type { Kind } from "./kind.ts";

/** What stops a build besides the checks of its inputs: the codes of failures. */
const FAILURES: Readonly<Record<string, readonly [means: string, remedy: string]>> = {
  "usage": [
    "Options that contradict each other, or a value that an option does not take.",
    "correct the command line",
  ],
  "not-iso": ["The file is no ISO 9660 image.", "pass the ESXi installer ISO"],
  "damaged-iso": ["The structures of the ISO contradict themselves.", "download it again"],
  "truncated": ["Bytes of the file are missing at its end.", "download it again"],
  "not-installer": [
    "The ISO is not an ESXi installer that boots by UEFI.",
    "pass the ISO as VMware ships it",
  ],
  "boot-cfg": [
    "The boot loader would misread a boot.cfg, or cannot take so much of it.",
    "do what the message says",
  ],
  "kickstart": ["A payload or a kickstart cannot be used.", "make one with: esxi-img payload"],
  "unfit-for-fat": ["A file of the ISO cannot lie on FAT32.", "pass the ISO as VMware ships it"],
  "unfit-for-iso": ["The ISO cannot take the edits.", "build an image of a disk"],
  "too-small": [
    "The disk or its format cannot hold the content.",
    "pass a larger --size or another --format",
  ],
  "exists": [
    "Something is there already, or the same run reads it.",
    "pass --force, or another name",
  ],
  "mismatch": ["The ISO has another SHA-256 than was asked for.", "download it again"],
  "io": ["A file cannot be read or written.", "check the path and its permissions"],
};

/** The text of `docs/checks.md`. */
export function documentChecks(): string {
  const kinds = Object.entries<Kind>(KINDS);
  const rows = (severity: Kind["severity"]) =>
    kinds.filter(([, kind]) => kind.severity === severity)
      .map(([code, { means, remedy }]) => row(code, means, remedy));
  const section = (title: string, lines: readonly string[]) =>
    `## ${title}\n\n| code | what it means | what to do |\n| --- | --- | --- |\n${
      lines.join("\n")
    }\n`;
  return [
    "# What is checked before anything is written\n",
    "`build`, `payload` and `kickstart` stop at the first error and say it in one line; warnings are lines that",
    "begin with `warning: `, and `--strict` makes them errors. `esxi-img check ISO` takes the options of `build`,",
    "tells everything that it finds, and writes nothing; with `--json` each finding has its `code`, `severity`,",
    "`where` (with line and column, where there are any), `what` and `remedy`. No finding repeats a secret.\n",
    "This page is made from the code: `deno task checks > docs/checks.md`.\n",
    section("Errors", rows("error")),
    section("Warnings", rows("warning")),
    section("Notes", rows("note")),
    "## What stops a build besides\n",
    "Found where the ISO is read or the output is opened; `check` finds these, too.\n",
    "| code | what it means | what to do |\n| --- | --- | --- |",
    ...Object.entries(FAILURES).map(([code, [means, remedy]]) => row(code, means, remedy)),
    "",
  ].join("\n");
}

function row(code: string, means: string, remedy: string): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return `| \`${code}\` | ${cell(means)} | ${cell(remedy)} |`;
}
