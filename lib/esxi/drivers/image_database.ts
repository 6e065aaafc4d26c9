/**
 * Reads the image database of an installer, `imgdb.tgz`.
 *
 * | path                                | what                                                        |
 * | ----------------------------------- | ----------------------------------------------------------- |
 * | `var/db/esximg/vibs/NAME-N.xml`     | the descriptor of a VIB                                     |
 * | `var/db/esximg/profiles/NAME`       | which VIBs the image has, and the modules of their payloads |
 *
 * @module
 */

import { gunzipSync } from "node:zlib";
import { Failure } from "../../blocks/failure.ts";
import { type FileTree, findFile, readSmallFile } from "../../blocks/file_tree.ts";
import { parseDescriptor, readXml, type VibDescriptor } from "./descriptor.ts";
import { childAt, childrenOf, descendants } from "./xml.ts";

const IMAGE_DATABASE = "IMGDB.TGZ";
const DESCRIPTOR = /^\/?var\/db\/esximg\/vibs\/[^/]+\.xml$/;
const PROFILE = /^\/?var\/db\/esximg\/profiles\/[^/]+$/;
/** Ten times the largest one known. */
const MAX_DATABASE_BYTES = 64 * 1024 * 1024;

/** What an installer brings. */
export interface ImageDatabase {
  /** In the order of the database. */
  readonly vibs: readonly VibDescriptor[];
  /** Names of boot modules, as in `if_re.v00`, by the IDs of their VIBs; as far as the profile says. */
  readonly modules: ReadonlyMap<string, readonly string[]>;
}

const NOTHING: ImageDatabase = { vibs: [], modules: new Map() };

/**
 * Reads an installer's database. One that cannot be read is empty: the installer may still be whole.
 *
 * @throws {Failure} `truncated` or `io` from the source of the files.
 */
export async function readImageDatabase(tree: FileTree): Promise<ImageDatabase> {
  const file = findFile(tree, IMAGE_DATABASE);
  if (file === undefined || file.sizeBytes > MAX_DATABASE_BYTES) return NOTHING;
  const stored = await readSmallFile(tree, file, MAX_DATABASE_BYTES);
  try {
    const tar = gunzipSync(stored, { maxOutputLength: MAX_DATABASE_BYTES });
    const { unpackTar } = await import("modern-tar");
    const documents = (await unpackTar(new Uint8Array(tar))).map(({ header, data }) => (
      { name: header.name, text: new TextDecoder().decode(data) }
    ));
    const find = <T>(kind: RegExp, read: (text: string, name: string) => T) =>
      documents.filter(({ name }) => kind.test(name))
        .flatMap(({ name, text }) => attempt(() => read(text, name)));
    return {
      vibs: find(DESCRIPTOR, parseDescriptor),
      modules: new Map(find(PROFILE, parseProfile).flat()),
    };
  } catch {
    return NOTHING; // of tests, or of a release that stores it in another way
  }
}

/** The modules of a profile's VIBs: `<vib><vib-id/><payloads><payload>FILE</payload>`. */
function parseProfile(text: string, path: string): [id: string, modules: string[]][] {
  return descendants(readXml(text, path, "profile"), "vib").map((vib) => [
    childAt(vib, "vib-id")?.text ?? "",
    childrenOf(childAt(vib, "payloads"), "payload").map((payload) => payload.text),
  ]);
}

function attempt<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
