import assert from "node:assert/strict";
import {
  drawRooms,
  findCircle,
  importsOf,
  moduleGraph,
  readModules,
  roomGraph,
} from "./support/imports.ts";
import { run } from "./support/programs.ts";

const ROOT = `${import.meta.dirname}/../`;

/** What a module may import besides other modules, by the beginning of its path. */
const PACKAGES: readonly (readonly [folder: string, packages: readonly string[]])[] = [
  ["lib/cli/", ["@stricli/core", "smol-toml", "node:crypto"]],
  ["lib/host/", ["node:fs"]],
  ["lib/esxi/drivers/", ["@zip.js/zip.js", "sax"]],
  ["lib/formats/deflate/portable.ts", ["node:zlib", "fflate/browser"]],
  ["lib/", ["node:buffer", "node:crypto", "node:zlib", "modern-tar"]],
  ["wasm/", []],
  ["main.ts", []],
  ["mod.ts", []],
];
/** Only these see the world: files, terminals, devices, clocks. */
const IMPURE = ["main.ts", "lib/cli/", "lib/host/"];
/** What makes two runs differ. */
const CLOCK_OR_CHANCE =
  /\bDate\.now\b|\bnew Date\(\s*\)|[^.]\bDate\(\)|\bperformance\b|\bTemporal\b|\bMath\.random\b|\brandom(UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b/;
const WORLD = /\bDeno\b|\bprocess\.|\bnavigator\b|\bglobalThis\b|\bfetch\(|\bnew Worker\b|\bself\b/;

const MODULES = readModules();

Deno.test("purity: there is something to look at, and the patterns find what they should", () => {
  assert.ok(MODULES.length > 60);
  const find = (path: string) => MODULES.find((module) => module.path === path)!;
  assert.ok(importsOf(find("lib/build.ts")).includes("./disk/layout.ts"));
  assert.ok(importsOf(find("lib/formats/formats.ts")).includes("./gzip/family.ts"));
  assert.match(find("lib/cli/progress.ts").code, CLOCK_OR_CHANCE);
  assert.match(find("lib/host/files.ts").code, WORLD);
  for (const text of ["x = Date.now()", "new Date()", "Math.random()", "crypto.randomUUID()"]) {
    assert.match(text, CLOCK_OR_CHANCE);
  }
  assert.doesNotMatch("new Date(timeMs), Date.UTC(1980)", CLOCK_OR_CHANCE);
});

Deno.test("purity: only main.ts, lib/cli and lib/host touch the world", () => {
  const touching = MODULES.filter(({ code }) => WORLD.test(code)).map(({ path }) => path);
  const wrong = touching.filter((path) => !IMPURE.some((folder) => path.startsWith(folder)));
  assert.deepEqual(wrong, []);
  assert.ok(touching.length > 3);
});

Deno.test("purity: no clock and no chance elsewhere", () => {
  const wrong = MODULES.filter(({ path, code }) =>
    CLOCK_OR_CHANCE.test(code) && !IMPURE.some((folder) => path.startsWith(folder))
  );
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

Deno.test("purity: packages are imported where they belong", () => {
  for (const module of MODULES) {
    const allowed = PACKAGES.filter(([folder]) => module.path.startsWith(folder))
      .flatMap(([, packages]) => packages);
    const foreign = importsOf(module).filter((name) => !/^\.{1,2}\//.test(name));
    const wrong = foreign.filter((name) => !allowed.includes(name) && name !== "fatfs-wasm");
    assert.deepEqual(wrong, [], module.path);
    if (foreign.includes("fatfs-wasm")) assert.equal(module.path, "lib/host/assets.ts");
    // Of node:crypto, hashes alone are pure.
    if (!IMPURE.some((folder) => module.path.startsWith(folder))) {
      const names = /import \{([^}]*)\} from "node:crypto"/.exec(module.code)?.[1]?.trim();
      assert.ok(names === undefined || names === "createHash", module.path);
    }
  }
});

Deno.test("imports: no module imports itself, in however many steps, not even for a type", () => {
  assert.equal(findCircle(moduleGraph(MODULES)), undefined);
  assert.deepEqual(findCircle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), [
    "b",
    "c",
    "b",
  ]);
});

Deno.test("imports: folders import downwards alone, as CONTRIBUTING.md draws it", () => {
  const drawing = drawRooms(roomGraph(moduleGraph(MODULES)));
  const text = Deno.readTextFileSync(`${ROOT}CONTRIBUTING.md`);
  const drawn = /<!-- deno task imports -->\n\n```text\n([\s\S]*?)```/.exec(text)?.[1];
  assert.equal(drawing, drawn, "put what `deno task imports` prints into CONTRIBUTING.md");
  // What the drawing stands for, by name: nothing below knows the command line or the machine.
  for (const [room, imports] of roomGraph(moduleGraph(MODULES))) {
    if (["main.ts", "mod.ts", "lib/cli", "lib/host"].includes(room)) continue;
    assert.ok(!imports.has("lib/cli") && !imports.has("lib/host"), room);
  }
  assert.throws(
    () => drawRooms(new Map([["a", new Set(["b"])], ["b", new Set(["a"])]])),
    /circular/,
  );
});

Deno.test("imports: the library does not know the command line, and nothing needs the library", () => {
  const graph = moduleGraph(MODULES);
  assert.ok(graph.get("mod.ts")!.length > 10);
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    graph.get(path)?.forEach(visit);
  };
  visit("mod.ts");
  assert.deepEqual([...reached].filter((path) => path.startsWith("lib/cli/")), []);
  for (const [path, imports] of graph) assert.ok(!imports.includes("mod.ts"), path);
});

Deno.test("docs: every module begins with what it is for", () => {
  const wrong = MODULES.filter(({ text }) =>
    !/^\/\*\*(?:(?!\*\/)[\s\S])*@module\n \*\/\n/.test(text)
  );
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

Deno.test("docs: every exported function, class and type is described", () => {
  const exported = /^export (?:abstract |async )*(?:function\*?|class|interface|type) (\w+)/gm;
  const wrong: string[] = [];
  for (const { path, text } of MODULES) {
    for (const { index, 1: name } of text.matchAll(exported)) {
      if (!/\*\/\n(?:\/\/[^\n]*\n)?$/.test(text.slice(0, index))) wrong.push(`${path}: ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("docs: what the library exports is described to the last property", async () => {
  const { code, stderr } = await run(Deno.execPath(), ["doc", "--lint", "mod.ts"], { cwd: ROOT });
  assert.equal(code, 0, stderr);
});

/** Exported functions and the public methods of exported classes: doc, name and body. */
function publicFunctions(text: string): { doc: string; name: string; body: string }[] {
  const doc = String.raw`((?:^ *\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)`;
  const exported = new RegExp(
    doc + String.raw`^export (?:async )?function\*? (\w+)([\s\S]*?^}$)`,
    "gm",
  );
  const method = new RegExp(
    doc +
      String
        .raw`^  (?!private |#)(?:(?:static|async|get|override) )*\*?(\w+)(?:<[^(]*>)?(\([\s\S]*?^  }$)`,
    "gm",
  );
  const classes = [...text.matchAll(/^export class [\s\S]*?^}$/gm)].map(([body]) => body);
  return [...text.matchAll(exported), ...classes.flatMap((body) => [...body.matchAll(method)])]
    .map(([, doc = "", name = "", body = ""]) => ({ doc, name, body }));
}

Deno.test("docs: what throws by itself says so, with class and condition", () => {
  const sample = "export class A {\n  /** B. */\n  b(): void {\n    throw 1;\n  }\n}\n" +
    "/** C. */\nexport function c() {\n  throw 2;\n}\n";
  assert.deepEqual(publicFunctions(sample).map(({ name }) => name), ["c", "b"]);
  const throwing = MODULES.flatMap(({ path, text }) =>
    publicFunctions(text).filter(({ body }) => /\bthrow /.test(body))
      .map(({ doc, name }) => ({ doc, name: `${path}: ${name}` }))
  );
  assert.ok(throwing.length > 40);
  const wrong = throwing.filter(({ doc }) => !/@throws \{\w+\} \S/.test(doc));
  assert.deepEqual(wrong.map(({ name }) => name), []);
});

Deno.test("size: modules can be held in the head", () => {
  const long = MODULES.filter(({ text }) => text.split("\n").length > 350).map(({ path }) => path);
  assert.deepEqual(long, []);
});

Deno.test("paths: none is the path of a URL, in which blanks and umlauts are escaped", () => {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(ROOT + folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) walk(path);
      else if (path.endsWith(".ts")) {
        const text = Deno.readTextFileSync(ROOT + path);
        if (/import\.meta\.url\)\.pathname/.test(text)) found.push(path);
      }
    }
  };
  for (const folder of ["lib", "wasm", "tests", "release"]) walk(folder);
  assert.deepEqual(found, []);
  assert.match('new URL(".", import.meta' + ".url).pathname", /import\.meta\.url\)\.pathname/);
});
