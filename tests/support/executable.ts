/**
 * The compiled executable that tests run.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash behind it. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What `deno task compile` writes. */
export const EXECUTABLE = `${ROOT}dist/esxi-img`;
/** Tells which sources it was compiled from. */
const STAMP = `${ROOT}dist/esxi-img.sources.sha256`;

/** Whether the executable was compiled from the sources as they are now. */
export async function isExecutableCurrent(): Promise<boolean> {
  const stamp = await Deno.readTextFile(STAMP).catch(() => "");
  return (await Deno.stat(EXECUTABLE).catch(() => undefined))?.isFile === true &&
    stamp === await digestSources();
}

/** Notes which sources the executable was compiled from. */
export async function noteExecutable(): Promise<void> {
  await Deno.writeTextFile(STAMP, await digestSources());
}

async function digestSources(): Promise<string> {
  const hash = createHash("sha256");
  const add = async (path: string) => {
    const stat = await Deno.stat(ROOT + path);
    if (stat.isFile) {
      hash.update(path).update(await Deno.readFile(ROOT + path));
      return;
    }
    const names = [];
    for await (const entry of Deno.readDir(ROOT + path)) names.push(entry.name);
    for (const name of names.toSorted()) if (name !== "__pycache__") await add(`${path}/${name}`);
  };
  for (const path of ["deno.json", "deno.lock", "main.ts", "lib", "wasm", "release"]) {
    await add(path);
  }
  return hash.digest("hex");
}
