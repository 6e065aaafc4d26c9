/**
 * Links of the documents lead somewhere, and every document can be reached from README.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { ROOT } from "../support/executable.ts";
import { anchorsOf, linksOf, readDocuments } from "../support/documents.ts";
import { exists } from "../support/folder.ts";

const DOCUMENTS = readDocuments();

Deno.test("links: files are there, headings too", () => {
  const broken: string[] = [];
  let count = 0;
  for (const { path, text } of DOCUMENTS) {
    for (const link of linksOf(text)) {
      if (/^[a-z]+:/.test(link)) continue;
      count++;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), decodeURIComponent(file));
      const isThere = exists(ROOT + target);
      const names = isThere && anchor !== undefined
        ? anchorsOf(Deno.readTextFileSync(ROOT + target))
        : [];
      if (!isThere || (anchor !== undefined && !names.includes(anchor))) {
        broken.push(`${path}: ${link}`);
      }
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 50);
});

Deno.test("links: from README every document in docs/ can be reached", () => {
  const reached = new Set<string>();
  const visit = (path: string) => {
    const document = DOCUMENTS.find((candidate) => candidate.path === path);
    if (document === undefined || reached.has(path)) return;
    reached.add(path);
    for (const link of linksOf(document.text)) visit(join(dirname(path), link.split("#")[0]!));
  };
  visit("README.md");
  const missed = DOCUMENTS.map(({ path }) => path).filter((path) => !reached.has(path));
  assert.deepEqual(missed.filter((path) => path.startsWith("docs/")), []);
});

Deno.test("links: headings and targets are read as they are meant", () => {
  const text = "# A `b` – c\n[x](y.md#z) ![p](q.svg)\n```sh\n# no heading [n](m)\n```\n";
  assert.deepEqual(linksOf(text), ["y.md#z", "q.svg"]);
  assert.deepEqual(anchorsOf(text), ["a-b--c"]);
});
