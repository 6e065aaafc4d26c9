import assert from "node:assert/strict";
import { routes } from "../../lib/cli/app.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { manPages } from "../../release/man.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

const OPTIONS = {
  version: "1.2.3",
  brief: routes.brief,
  description: routes.fullDescription!,
  timeSeconds: Date.UTC(2026, 6, 1) / 1000,
};
const PAGES = manPages(listCommands(routes), OPTIONS);
/** What an author may write: dots, quotes, backslashes and dashes where roff would take them. */
const TRICKY = {
  name: "tricky",
  isHidden: false,
  brief: "Write .files of 'others' – C:\\back\\slash",
  description: [
    "A line",
    "  .example 'quoted' \\n -x --long",
    "and at once",
    ".a dot",
    "",
    "  one `more` ~ ^",
    "",
    "'end'",
  ].join("\n"),
  args: [{ placeholder: "FILE", offers: "files", brief: ".dot", isOptional: true }],
  options: [{ name: "--x-y", alias: "-x", brief: "'quote…", isRepeated: true, isRequired: false }],
} as const;

async function render(folder: Folder, name: string, text: string): Promise<string> {
  folder.write(name, text);
  const options = { cwd: folder.path, env: { LC_ALL: "C.UTF-8", MANWIDTH: "78", MANPAGER: "cat" } };
  const man = await mustRun("man", ["--warnings", "-E", "UTF-8", "-l", `./${name}`], options);
  assert.equal(man.stderr, "", name);
  return man.stdout;
}

testWith(
  ["man"],
  "man pages: man renders them without warnings, every option is there",
  async () => {
    using folder = new Folder();
    for (const { path, bytes } of PAGES) {
      const text = await render(folder, path, new TextDecoder().decode(bytes));
      assert.match(text, /esxi-img 1\.2\.3 +2026-07-01/, path);
      const command = listCommands(routes).find(({ name }) => path === `esxi-img-${name}.1`);
      for (const { name, alias, value } of command?.options ?? []) {
        const long = value === undefined ? name : `${name} ${value.placeholder}`;
        const short = alias === undefined ? "" : `${long.replace(name, alias)}, `;
        assert.ok(text.includes(`\n       ${short}${long}`), `${path}: ${name}`);
      }
    }
  },
);

testWith(["mandoc"], "man pages: mandoc finds nothing, and would", async () => {
  using folder = new Folder();
  for (const { path, bytes } of [...PAGES, ...manPages([TRICKY], OPTIONS)]) {
    const { stdout } = await mustRun("mandoc", ["-T", "lint", folder.write(path, bytes)]);
    assert.equal(stdout, "", path);
  }
  const bad = folder.write("bad.1", ".TH BAD 1\n.SH NAME\nbad\n.UNKNOWN x\n");
  const { stdout } = await mustRun("sh", ["-c", `mandoc -T lint ${bad} || true`]);
  assert.match(stdout, /UNKNOWN/);
});

testWith(["man"], "man pages: text stays what it is", async () => {
  using folder = new Folder();
  const page = manPages([TRICKY], OPTIONS)[1]!;
  const text = await render(folder, page.path, new TextDecoder().decode(page.bytes));
  for (
    const line of [
      "esxi-img-tricky - write .files of 'others' – C:\\back\\slash",
      "esxi-img tricky [FILE] [options]",
      "       A line",
      "           .example 'quoted' \\n -x --long",
      "       and at once .a dot",
      "           one `more` ~ ^",
      "       'end'",
      "       FILE   .dot.",
      "       -x, --x-y ...",
      "              'quote....",
    ]
  ) {
    assert.ok(text.includes(`${line}\n`), `${line}\n${text}`);
  }
});
