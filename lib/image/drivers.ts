/**
 * Which drivers are in an installer: those of its image database, and those that were added to it.
 * Also what is in a VIB or a bundle by itself.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { type FileTree, findFile, type TreeFile } from "../blocks/file_tree.ts";
import { readImageDatabase } from "../esxi/drivers/image_database.ts";
import { isDriver } from "../esxi/drivers/is_driver.ts";
import { type DriverList, DRIVERS_LIST, DRIVERS_NAME } from "../esxi/drivers/medium.ts";
import type { PciClaim } from "../esxi/drivers/pci_scan.ts";
import { openDriver } from "../esxi/drivers/open.ts";
import { TAR_BLOCK_BYTES } from "../esxi/tar.ts";

/** Lists of a thousand drivers have less. */
const MAX_LIST_BYTES = 1024 * 1024;

/** A driver, as `inspect` shows it. */
export interface InspectedDriver {
  /** As in `VMW_bootbank_icen_1.4.1.7-1vmw.703.0.0.18644231`. */
  readonly id: string;
  /** As in `icen`. */
  readonly name: string;
  /** As in `1.4.1.7-1vmw.703.0.0.18644231`. */
  readonly version: string;
  /** As in `VMW`. */
  readonly vendor: string;
  /** As in `partner`. */
  readonly acceptanceLevel: string;
  /** Whether it came with the installer, or was added to it. */
  readonly origin: "installer" | "added";
  /** Devices that it claims, as far as its modules tell; only of ISOs, where they are looked at. */
  readonly pciClaims?: readonly PciClaim[];
}

/** A file of VIBs, as `inspect` shows it. */
export interface InspectedDriverFile {
  readonly path: string;
  readonly format: "vib" | "offline bundle";
  readonly fileBytes: number;
  /** The systems that the bundle says it is for. */
  readonly platforms: readonly { readonly productLine: string; readonly version: string }[];
  readonly vibs: readonly {
    readonly id: string;
    readonly summary: string;
    readonly acceptanceLevel: string;
    readonly isSigned: boolean;
    readonly isDriver: boolean;
    readonly depends: readonly string[];
    readonly payloads: readonly {
      readonly name: string;
      readonly type: string;
      readonly sizeBytes: number;
    }[];
    readonly files: readonly string[];
    /** Devices that it claims, as far as its payload tells. */
    readonly pciClaims: readonly PciClaim[];
  }[];
}

/** A driver, and the names of its modules. */
type Found = readonly [driver: InspectedDriver, modules: readonly string[]];

/**
 * Lists the drivers of an installer, sorted by name. A database that cannot be read has none: the
 * installer may still be whole.
 *
 * @param hasClaims Whether their modules are unpacked for what they claim.
 * @throws {Failure} `truncated` or `io` from the source of the files.
 */
export async function listDrivers(tree: FileTree, hasClaims: boolean): Promise<InspectedDriver[]> {
  const { vibs, modules } = await readImageDatabase(tree);
  const shipped: Found[] = vibs.filter(isDriver).map((
    { id, name, version, vendor, acceptanceLevel },
  ) => [
    { id, name, version, vendor, acceptanceLevel, origin: "installer" },
    modules.get(id) ?? [],
  ]);
  const byName = ([a]: Found, [b]: Found) => a.id < b.id ? -1 : 1;
  const found = [...shipped.toSorted(byName), ...await readAdded(tree)];
  if (!hasClaims) return found.map(([driver]) => driver);
  const { readClaims } = await import("./driver_claims.ts");
  const claims = await readClaims(tree, found.flatMap(([, names]) => names));
  return found.map(([driver, names]) => ({
    ...driver,
    pciClaims: names.flatMap((name) => claims.get(name) ?? []),
  }));
}

async function readAdded(tree: FileTree): Promise<Found[]> {
  const file = findFile(tree, DRIVERS_NAME);
  if (file === undefined) return [];
  try {
    const { vibs, modules } = JSON.parse(await readList(tree, file)) as DriverList;
    return vibs.map(({ id, name, version, vendor, acceptance_level }) => [
      { ...{ id, name, version, vendor, acceptanceLevel: acceptance_level, origin: "added" } },
      modules.filter(({ vib }) => vib === id).map((module) => module.name),
    ]);
  } catch (error) {
    if (error instanceof Failure) throw error;
    return []; // a file of that name that is not ours
  }
}

/** The list stands first in the tar, behind its folder: the VIBs need not be read. */
async function readList(tree: FileTree, file: TreeFile): Promise<string> {
  const [part] = file.parts;
  const headBytes = Math.min(part?.lengthBytes ?? 0, 2 * TAR_BLOCK_BYTES + MAX_LIST_BYTES);
  const head = await readBytes(tree.source, part?.offsetBytes ?? 0, headBytes);
  const text = new TextDecoder().decode(head);
  if (!text.startsWith(DRIVERS_LIST, TAR_BLOCK_BYTES)) return "";
  const content = text.slice(2 * TAR_BLOCK_BYTES);
  return content.slice(0, content.indexOf("\0"));
}

/**
 * Looks into a VIB or a bundle.
 *
 * @returns Undefined if the file is neither.
 * @throws {Failure} as {@linkcode openDriver}.
 */
export async function inspectDriverFile(file: Source): Promise<InspectedDriverFile | undefined> {
  const driver = await openDriver(file);
  if (driver.kind === "module") return undefined;
  return {
    path: file.name,
    format: driver.kind === "vib" ? "vib" : "offline bundle",
    fileBytes: file.sizeBytes,
    platforms: driver.platforms,
    vibs: driver.vibs.map(({ descriptor, isSigned, payloads }) => ({
      id: descriptor.id,
      summary: descriptor.summary,
      acceptanceLevel: descriptor.acceptanceLevel,
      isSigned,
      isDriver: isDriver(descriptor),
      depends: descriptor.depends,
      payloads: payloads.map(({ name, type, sizeBytes }) => ({ name, type, sizeBytes })),
      files: descriptor.files,
      pciClaims: payloads.flatMap((payload) => payload.pciClaims),
    })),
  };
}
