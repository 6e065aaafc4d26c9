/**
 * Opens what `--driver` names: a VIB, a zip of VIBs, or a boot module as it is.
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { decodeLatin1 } from "../../blocks/latin1.ts";
import { AR_MARK } from "./ar.ts";
import { type Platform, platformsOf, readXml } from "./descriptor.ts";
import { notDriver } from "./not_driver.ts";
import { openVib, type Vib } from "./vib.ts";
import type { ZipFile } from "./zip.ts";

/** What every driver knows. */
export interface OpenedFile {
  /** The file as it was given. */
  readonly source: Source;
  /** What the bundle that it came in is for; none if it does not say, or came in none. */
  readonly platforms: readonly Platform[];
  /** Whether hosts keep it as boot modules, and do not install its VIBs. */
  readonly isModuleOnly?: boolean | undefined;
}

/** A driver of which more is known than its bytes. */
export interface VibDriver extends OpenedFile {
  /** What the file is: a VIB, or a zip of them. */
  readonly kind: "vib" | "bundle";
  /** At least one. */
  readonly vibs: readonly Vib[];
}

/** A boot module, of which nothing is known. */
export interface ModuleDriver extends OpenedFile {
  /** A file that is neither VIB nor zip. */
  readonly kind: "module";
  /** None. */
  readonly vibs: readonly [];
}

/** What `--driver` names. */
export type Driver = VibDriver | ModuleDriver;

/** How every zip begins that holds a file (APPNOTE.TXT §4.3.7). */
const ZIP_MARK = "PK\x03\x04";
/** No driver is as many: a depot of a whole release is. */
const MAX_VIBS = 40;
const MAX_XML_BYTES = 16 * 1024 * 1024;

/**
 * Opens a driver. VIBs are read as a whole and compared with their descriptors.
 *
 * @throws {Failure} `not-driver` if it is none, or damaged; `truncated` or `io` from the file.
 */
export async function openDriver(file: Source): Promise<Driver> {
  const head = decodeLatin1(await readBytes(file, 0, Math.min(AR_MARK.length, file.sizeBytes)));
  if (head === AR_MARK) {
    return { kind: "vib", source: file, platforms: [], vibs: [await openVib(file)] };
  }
  if (head.startsWith(ZIP_MARK)) return await openBundle(file);
  return { kind: "module", source: file, platforms: [], vibs: [] };
}

/** Most builds read no zip. */
async function readZip(file: Source): Promise<ZipFile[]> {
  return await (await import("./zip.ts")).readZip(file);
}

async function openBundle(file: Source): Promise<VibDriver> {
  const files = await findBundle(file, await readZip(file));
  const found = files.filter(({ path }) => /\.vib$/i.test(path));
  if (found.length > MAX_VIBS || (isDepot(files) && found.length > 1)) {
    const what = `it is an ESXi depot of ${found.length} VIBs, no driver`;
    throw notDriver(file.name, what, "pass the driver's own bundle, or a VIB out of this one");
  }
  const vibs: Vib[] = [];
  for (const one of found) vibs.push(await openVib(await one.open()));
  return { kind: "bundle", source: file, platforms: await readPlatforms(files), vibs };
}

/** Vendors put a bundle beside papers and sources into a zip: one level is looked into. */
async function findBundle(file: Source, files: readonly ZipFile[]): Promise<readonly ZipFile[]> {
  const hasIndex = files.some(({ path }) => path === "index.xml");
  const inner: { readonly path: string; readonly files: readonly ZipFile[] }[] = [];
  for (const one of hasIndex ? [] : files.filter(({ path }) => isZip(path) && !isMetadata(path))) {
    const below = await readZip(await one.open());
    if (below.some(({ path }) => /\.vib$/i.test(path))) {
      inner.push({ path: one.path, files: below });
    }
  }
  const [only, ...others] = inner;
  if (others.length > 0) {
    const what = `it holds several bundles: ${inner.map(({ path }) => path).join(", ")}`;
    throw notDriver(file.name, what, "unpack it, and pass the one that is wanted");
  }
  const bundle = only?.files ?? files;
  if (!bundle.some(({ path }) => /\.vib$/i.test(path))) {
    const what = "it holds no VIB";
    throw notDriver(file.name, what, "pass an offline bundle, a component, or a VIB");
  }
  return bundle;
}

/** What the bulletins in a bundle's metadata are for. */
async function readPlatforms(files: readonly ZipFile[]): Promise<Platform[]> {
  const found: Platform[] = [];
  for (const metadata of files.filter(({ path }) => isMetadata(path))) {
    const source = await metadata.open();
    for (const file of await readZip(source)) {
      if (!/^(vmware\.xml|bulletins\/[^/]+\.xml)$/.test(file.path)) continue;
      if (file.sizeBytes > MAX_XML_BYTES) throw notDriver(source.name, `${file.path} is too large`);
      const bytes = await readBytes(await file.open(), 0, file.sizeBytes);
      found.push(...platformsOf(readXml(new TextDecoder().decode(bytes), source.name, file.path)));
    }
  }
  return [...new Map(found.map((one) => [`${one.productLine} ${one.version}`, one])).values()];
}

/** Depots of a release bring profiles to install by. */
function isDepot(files: readonly ZipFile[]): boolean {
  return files.some(({ path }) => path.startsWith("profiles/"));
}

function isZip(path: string): boolean {
  return /\.zip$/i.test(path);
}

function isMetadata(path: string): boolean {
  return /metadata[^/]*\.zip$/i.test(path);
}
