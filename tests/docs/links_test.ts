/**
 * Links of the documents lead somewhere, and every document can be reached from README.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { makeDocuments } from "../../release/installed.ts";
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

Deno.test("links: a release holds the documents, pictures and schemas that its documents link to", async () => {
  const { texts } = await makeDocuments([], 0);
  const paths = texts.map(({ path }) => path);
  const missed = new Set<string>();
  for (const { path, bytes } of texts.filter(({ path }) => path.endsWith(".md"))) {
    for (const link of linksOf(new TextDecoder().decode(bytes))) {
      const target = join(dirname(path), link.split("#")[0]!);
      const isDocument = /^(docs|schema)\/.*\.(md|svg|json)$/.test(target) ||
        /^[A-Z]+\.md/.test(target);
      if (isDocument && !/^[a-z]+:/.test(link) && !paths.includes(target)) missed.add(target);
    }
  }
  assert.deepEqual([...missed], ["docs/benchmarks.json"]); // raw figures
  assert.ok(paths.includes("docs/scripts.md") && paths.includes("schema/build.json"));
});

Deno.test("links: headings and targets are read as they are meant", () => {
  const text = "# A `b` – c\n[x](y.md#z) ![p](q.svg)\n```sh\n# no heading [n](m)\n```\n";
  assert.deepEqual(linksOf(text), ["y.md#z", "q.svg"]);
  assert.deepEqual(anchorsOf(text), ["a-b--c"]);
});
