/**
 * Looks into images and payloads with programs that are not ours.
 *
 * @module
 */

import { Folder } from "./folder.ts";
import { mustRun } from "./programs.ts";
import { sha256 } from "./trees.ts";

/** A file of a raw image's partition, as mtools reads it. */
export async function readFromImage(image: string, path: string): Promise<Uint8Array> {
  return (await mustRun("mtype", ["-i", `${image}@@1M`, `::${path}`])).stdoutBytes;
}

/** A text file of a raw image's partition. */
export async function readTextFromImage(image: string, path: string): Promise<string> {
  return new TextDecoder().decode(await readFromImage(image, path));
}

/** What a payload unpacks to, as tar does it, by path. */
export async function unpack(payload: string): Promise<Record<string, Uint8Array>> {
  using folder = new Folder();
  await mustRun("tar", ["xzf", payload, "-C", folder.path]);
  const { stdout } = await mustRun("find", [folder.path, "-type", "f", "-printf", "%P\\n"]);
  const paths = stdout.trim().split("\n").toSorted();
  const files = paths.map((path) => [path, Deno.readFileSync(folder.file(path))] as const);
  return Object.fromEntries(files);
}

/** What the payload on a raw image unpacks to. */
export async function unpackFromImage(image: string): Promise<Record<string, Uint8Array>> {
  using folder = new Folder();
  const bytes = await readFromImage(image, "esxiimg.tgz");
  return await unpack(folder.write("esxiimg.tgz", bytes));
}

/** A value of boot.cfg. */
export function bootCfgValue(text: string, key: string): string {
  return new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1] ?? "";
}

/** A boot module as the boot loader takes it, with a content that tells it from others. */
export function moduleNamed(name: string): Uint8Array {
  return new TextEncoder().encode(`\x7fELF module ${name} ${sha256(name)}\n`);
}
