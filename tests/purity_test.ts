import assert from "node:assert/strict";

const ROOT = new URL("..", import.meta.url).pathname;

/** What a module may import besides other modules, by the beginning of its path. */
const PACKAGES: readonly (readonly [folder: string, packages: readonly string[]])[] = [
  ["lib/cli/", ["@stricli/core", "node:crypto"]],
  ["lib/host/", ["node:fs"]],
  ["lib/", ["node:buffer", "node:crypto", "node:zlib", "modern-tar"]],
  ["wasm/", []],
  ["main.ts", []],
];
/** Only these see the world: files, terminals, devices, clocks. */
const IMPURE = ["main.ts", "lib/cli/", "lib/host/"];
/** What makes two runs differ. */
const CLOCK_OR_CHANCE =
  /\bDate\.now\b|\bnew Date\(\s*\)|[^.]\bDate\(\)|\bperformance\b|\bTemporal\b|\bMath\.random\b|\brandom(UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b/;
const WORLD = /\bDeno\b|\bprocess\.|\bnavigator\b|\bglobalThis\b|\bfetch\(|\bnew Worker\b|\bself\b/;

interface Module {
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
}

function readModules(): Module[] {
  const modules: Module[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(ROOT + folder)) {
      const path = folder + name;
      if (isDirectory && path !== "lib/guest") walk(`${path}/`);
      else if (path.endsWith(".ts")) modules.push(readModule(path));
    }
  };
  walk("lib/");
  walk("wasm/");
  return [...modules, readModule("main.ts")].toSorted((a, b) => a.path < b.path ? -1 : 1);
}

function readModule(path: string): Module {
  const text = Deno.readTextFileSync(ROOT + path);
  const code = text.replaceAll(/\/\*\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*/gm, "$1");
  return { path, text, code };
}

/** What a module imports when it runs; types are gone by then. */
function importsOf({ code }: Module): string[] {
  const statements = /^(?:import|export)\s(?!type\s)(?:[^;"]*?\sfrom\s)?"([^"]+)"/gm;
  const calls = /\bimport(?:\.meta\.resolve)?\("([^"]+)"\)/g;
  return [...code.matchAll(statements), ...code.matchAll(calls)].map(([, name]) => name);
}

const MODULES = readModules();

Deno.test("purity: there is something to look at, and the patterns find what they should", () => {
  assert.ok(MODULES.length > 60);
  const find = (path: string) => MODULES.find((module) => module.path === path)!;
  assert.ok(importsOf(find("lib/build.ts")).includes("./disk/layout.ts"));
  assert.ok(importsOf(find("lib/formats/formats.ts")).includes("./gzip.ts"));
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
      const names = /import \{([^}]*)\} from "node:crypto"/.exec(module.code)?.[1].trim();
      assert.ok(names === undefined || names === "createHash", module.path);
    }
  }
});

Deno.test("purity: the core knows neither command line nor host", () => {
  for (const module of MODULES) {
    if (IMPURE.some((folder) => module.path.startsWith(folder))) continue;
    const wrong = importsOf(module).filter((name) => /(^|\/)(cli|host)\//.test(name));
    assert.deepEqual(wrong, [], module.path);
  }
});

Deno.test("imports: no module imports itself, in however many steps", () => {
  const graph = new Map(MODULES.map((module) => [
    module.path,
    importsOf(module).filter((name) => name.startsWith(".")).map((name) =>
      new URL(name, `file:///${module.path}`).pathname.slice(1)
    ),
  ]));
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    assert.ok(!above.includes(path), `circular: ${[...above, path].join(" → ")}`);
    if (done.has(path)) return;
    for (const imported of graph.get(path) ?? []) visit(imported, [...above, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  assert.ok(done.size >= MODULES.length);
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

Deno.test("size: modules can be held in the head", () => {
  const long = MODULES.filter(({ text }) => text.split("\n").length > 350).map(({ path }) => path);
  assert.deepEqual(long, []);
});
