/**
 * What the documents say, as data: links, and commands to type.
 *
 * @module
 */

import { ROOT } from "./executable.ts";

/** A document, by its path in the project. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

/** Every document for users and contributors. */
export function readDocuments(): Document[] {
  const inFolder = (folder: string) =>
    [...Deno.readDirSync(ROOT + folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".md")).toSorted().map((name) => `${folder}${name}`);
  return [...inFolder(""), ...inFolder("docs/")]
    .map((path) => ({ path, text: Deno.readTextFileSync(ROOT + path) }));
}

/** The text without its blocks of code. */
export function prose(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
}

/** The targets of links and pictures. */
export function linksOf(text: string): string[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The names by which a document's headings are linked to, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-")
  );
}

/** A block of shell commands. */
export interface CommandBlock {
  readonly path: string;
  /** Where it begins. */
  readonly line: number;
  /** Lines that go on are put together; of a `console`, what is typed. */
  readonly commands: readonly string[];
  /** What a comment before it says: `<!-- not run: a, b -->` or `<!-- run by: tests/x_test.ts -->`. */
  readonly notRun: readonly string[];
  readonly runBy?: string | undefined;
}

/** The blocks of commands in a document. */
export function commandBlocks({ path, text }: Document): CommandBlock[] {
  // Those of a list are indented.
  const block =
    /(?:<!-- (not run|run by): ([^>]*?) -->\n+)?^ *```(sh|console)\n([\s\S]*?)^ *```$/gm;
  return [...text.matchAll(block)].map(
    ({ index, 1: mark, 2: what = "", 3: kind, 4: body = "" }) => {
      const lines = body.replaceAll(/ *\\\n */g, " ").split("\n").map((line) => line.trim());
      return {
        path,
        line: text.slice(0, index).split("\n").length,
        commands: kind === "sh"
          ? lines.filter((line) => !/^\s*(#|$)/.test(line))
          : lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2)),
        notRun: mark === "not run" ? what.split(/, */) : [],
        runBy: mark === "run by" ? what : undefined,
      };
    },
  );
}
