/**
 * Packs the npm package: the bundle, a launcher, and Deno's own packages as dependencies of which
 * npm installs the one for the machine.
 *
 * @module
 */

import { BUNDLE, ROOT } from "./bundle.ts";
import { type PackedFile, textFile } from "./packed_file.ts";
import { gzip, packFiles } from "./tar.ts";

/** The Deno that runs the bundle: exactly one version, the one that the tests ran on. */
export const DENO_VERSION = "2.9.6";
const DENO_PACKAGES = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm64-glibc",
  "linux-x64-glibc",
  "win32-arm64",
  "win32-x64",
];
/** What this machine's Node has to know: the oldest version that is looked after. */
const NODE_ENGINE = ">=20";

/** What a package is called. */
export interface NpmOptions {
  readonly version: string;
  readonly description: string;
  /** Where the project is, `https://…`: npm's provenance needs it. */
  readonly repository?: string | undefined;
  /** The time stamp of everything, in seconds since 1970. */
  readonly timeSeconds: number;
}

/**
 * Packs it as `npm pack` would.
 *
 * @param documents Files to go with it; pages in `man/` are installed by `npm install --global`.
 */
export async function packNpm(
  documents: readonly PackedFile[],
  options: NpmOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { version, description, repository, timeSeconds } = options;
  const manifest = {
    name: "esxi-img",
    version,
    description,
    keywords: ["esxi", "vmware", "openstack", "ironic", "maas", "bare-metal", "iso", "installer"],
    license: "Apache-2.0",
    ...(repository === undefined
      ? {}
      : { repository: { type: "git", url: `git+${repository}.git` }, homepage: repository }),
    type: "module",
    bin: { "esxi-img": "launcher.mjs" },
    man: documents.map(({ path }) => path).filter((path) => path.startsWith("man/")).toSorted(),
    engines: { node: NODE_ENGINE },
    optionalDependencies: Object.fromEntries(
      DENO_PACKAGES.map((name) => [`@deno/${name}`, DENO_VERSION]),
    ),
  };
  const files = [
    ...documents,
    ...await readFolder(ROOT + BUNDLE, "bundle/"),
    { path: "flags.mjs", bytes: await Deno.readFile(`${ROOT}release/flags.mjs`) },
    {
      path: "launcher.mjs",
      bytes: await Deno.readFile(`${ROOT}release/launcher.mjs`),
      mode: 0o755,
    },
    textFile("package.json", JSON.stringify(manifest, null, 2) + "\n"),
  ];
  const tar = await packFiles(
    files.map((file) => ({ ...file, path: `package/${file.path}` })),
    { timeSeconds },
  );
  return gzip(tar);
}

/** Reads all files in a folder. */
async function readFolder(folder: string, path: string): Promise<PackedFile[]> {
  const files: PackedFile[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await readFolder(`${folder}/${name}`, `${path}${name}/`));
    else files.push({ path: path + name, bytes: await Deno.readFile(`${folder}/${name}`) });
  }
  return files;
}
