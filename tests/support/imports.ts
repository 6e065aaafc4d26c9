/**
 * Which module imports which, types included, and the picture of it by folder.
 *
 * @module
 */

const ROOT = `${import.meta.dirname}/../../`;

/** A module of the program. */
export interface Module {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
}

/** Reads every module of the program, in the order of their paths. */
export function readModules(): Module[] {
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
  for (const { name } of Deno.readDirSync(ROOT)) {
    if (name.endsWith(".ts")) modules.push(readModule(name));
  }
  return modules.toSorted((a, b) => a.path < b.path ? -1 : 1);
}

function readModule(path: string): Module {
  const text = Deno.readTextFileSync(ROOT + path);
  const code = text.replaceAll(/\/\*\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*/gm, "$1");
  return { path, text, code };
}

/** What a module names in its imports and exports, types and lazy imports included. */
export function importsOf({ code }: Module): string[] {
  const statements = /^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"([^"]+)"/gm;
  const calls = /\bimport(?:\.meta\.resolve)?\("([^"]+)"\)/g;
  return [...code.matchAll(statements), ...code.matchAll(calls)].map(([, name]) => name!);
}

/** The modules that each module imports, by path. */
export function moduleGraph(modules: readonly Module[]): Map<string, readonly string[]> {
  return new Map(modules.map((module) => [
    module.path,
    importsOf(module).filter((name) => name.startsWith(".") && name.endsWith(".ts"))
      .map((name) => new URL(name, `file:///${module.path}`).pathname.slice(1)),
  ]));
}

/** The folder that a module belongs to; a module at the top of `lib` stands for itself. */
export function roomOf(path: string): string {
  const [top, second, ...rest] = path.split("/");
  return top === "lib"
    ? (rest.length > 0 ? `lib/${second}` : path)
    : second === undefined
    ? path
    : top!;
}

/** The folders that each folder imports from, itself left out. */
export function roomGraph(graph: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const [path, imports] of graph) {
    const room = rooms.get(roomOf(path)) ?? new Set();
    rooms.set(roomOf(path), room);
    for (const imported of imports) {
      if (roomOf(imported) !== roomOf(path)) room.add(roomOf(imported));
    }
  }
  return rooms;
}

/** Finds the first circle of a graph, as the way around it. */
export function findCircle(
  graph: ReadonlyMap<string, Iterable<string>>,
): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, above: readonly string[]): readonly string[] | undefined => {
    if (above.includes(node)) return [...above.slice(above.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...above, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/**
 * The picture: a line for each folder, those on top first; a folder imports only from lines below
 * its own.
 *
 * @throws {Error} if the folders import each other in a circle.
 */
export function drawRooms(rooms: ReadonlyMap<string, ReadonlySet<string>>): string {
  const circle = findCircle(rooms);
  if (circle !== undefined) throw new Error(`circular: ${circle.join(" → ")}`);
  const floors = new Map<string, number>();
  const floorOf = (room: string): number => {
    const known = floors.get(room);
    if (known !== undefined) return known;
    const floor = 1 + Math.max(0, ...[...rooms.get(room) ?? []].map(floorOf));
    floors.set(room, floor);
    return floor;
  };
  const lines = [...rooms].toSorted(([a], [b]) => floorOf(b) - floorOf(a) || (a < b ? -1 : 1))
    .map(([room, imports]) => {
      const below = [...imports].toSorted((a, b) => floorOf(b) - floorOf(a) || (a < b ? -1 : 1));
      const arrow = below.length > 0 ? ` → ${below.join(", ")}` : "";
      return `${floorOf(room)}  ${room.padEnd(15)}${arrow}`.trimEnd();
    });
  return lines.join("\n") + "\n";
}

if (import.meta.main) console.log(drawRooms(roomGraph(moduleGraph(readModules()))));
