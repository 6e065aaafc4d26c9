/**
 * What drivers become on a medium: boot modules, and one more that carries what the host installs.
 *
 * | name            | what                                                                          |
 * | --------------- | ----------------------------------------------------------------------------- |
 * | `NAME.x00` …    | a payload of a VIB, or a module as it was given; ESXi itself names none `.xNN` |
 * | `esxidrvs.tar`  | `esxiimg-drivers/`: the VIBs, and `drivers.json` ({@linkcode DriverList})      |
 *
 * @module
 */

import { blockMap, roundUp } from "../../blocks/block_map.ts";
import { bytesExtent, type Extent, type Source } from "../../blocks/extent.ts";
import { mapSource } from "../../blocks/slice.ts";
import { encodeTarHeader, TAR_BLOCK_BYTES, TAR_END_BYTES } from "../tar.ts";
import type { AcceptanceLevel } from "./descriptor.ts";
import { freeModuleName } from "./module_name.ts";
import type { Driver } from "./open.ts";

/** The module that carries the VIBs. */
export const DRIVERS_NAME = "esxidrvs.tar";
/** Where it unpacks to. */
const FOLDER = "esxiimg-drivers";
/** Its list, which comes first. */
export const DRIVERS_LIST = `${FOLDER}/drivers.json`;
/** What the VIB's name may take of the 100 bytes of a tar's path. */
const VIB_NAME_CHARACTERS = 60;

/** What the host reads: which modules are ours, and what to install. */
export interface DriverList {
  readonly format: 1;
  /** The acceptance level that the host may be lowered to, or null to leave it. */
  readonly acceptance: "community" | null;
  /** In their order in boot.cfg. */
  readonly modules: readonly {
    readonly name: string;
    /** The VIB that it is of; null for one that stays a module. */
    readonly vib: string | null;
  }[];
  readonly vibs: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly vendor: string;
    readonly acceptance_level: AcceptanceLevel;
    /** In the folder of this list. */
    readonly file: string;
  }[];
}

/** Drivers and what may be done for them. */
export interface DriverOptions {
  /** What to add, in the order of boot.cfg. */
  readonly drivers?: readonly Driver[] | undefined;
  /** Whether hosts may be set to CommunitySupported for them. */
  readonly allowCommunity?: boolean | undefined;
}

/** A boot module of a medium. */
export interface NamedModule {
  /** As boot.cfg names it, without a folder. */
  readonly name: string;
  /** Its bytes, which are read again and again. */
  readonly source: Source;
}

/**
 * The modules that drivers become.
 *
 * @param timeSeconds The time stamp of the carried files, in seconds since 1970.
 */
export function driverModules(
  { drivers = [], allowCommunity = false }: DriverOptions,
  timeSeconds: number,
): NamedModule[] {
  if (drivers.length === 0) return [];
  const modules: { readonly name: string; readonly vib: string | null; source: Source }[] = [];
  const add = (base: string, vib: string | null, source: Source) => {
    const name = freeModuleName(base, modules.map((module) => module.name));
    modules.push({ name, vib, source });
  };
  for (const { kind, source, vibs, isModuleOnly } of drivers) {
    if (kind === "module") add(source.name, null, source);
    for (const { descriptor, payloads } of vibs) {
      const vib = isModuleOnly ? null : descriptor.id;
      for (const payload of payloads) add(payload.name, vib, payload.source);
    }
  }
  const vibs = drivers.flatMap((driver) => driver.isModuleOnly ? [] : driver.vibs);
  const files = vibs.map(({ descriptor, source }, i) => ({
    file: `${i}-${descriptor.name.replaceAll(/[^\w.-]/g, "_").slice(0, VIB_NAME_CHARACTERS)}.vib`,
    descriptor,
    source,
  }));
  const list: DriverList = {
    format: 1,
    acceptance: allowCommunity ? "community" : null,
    modules: modules.map(({ name, vib }) => ({ name, vib })),
    vibs: files.map(({ file, descriptor: { id, name, version, vendor, acceptanceLevel } }) => ({
      ...{ id, name, version, vendor, file },
      acceptance_level: acceptanceLevel,
    })),
  };
  const carried = carry(list, files, timeSeconds);
  return [...modules.map(({ name, source }) => ({ name, source })), carried];
}

/** The tar that carries the list and the VIBs, which stay where they are until it is written. */
function carry(
  list: DriverList,
  files: readonly { readonly file: string; readonly source: Source }[],
  timeSeconds: number,
): NamedModule {
  const extents: Extent[] = [bytesExtent(0, encodeTarHeader(`${FOLDER}/`, undefined, timeSeconds))];
  let end = TAR_BLOCK_BYTES;
  const add = (path: string, sizeBytes: number, content: (atBytes: number) => Extent) => {
    extents.push(bytesExtent(end, encodeTarHeader(path, sizeBytes, timeSeconds)));
    if (sizeBytes > 0) extents.push(content(end + TAR_BLOCK_BYTES));
    end += TAR_BLOCK_BYTES + roundUp(sizeBytes, TAR_BLOCK_BYTES);
  };
  const text = new TextEncoder().encode(JSON.stringify(list, null, 2) + "\n");
  add(DRIVERS_LIST, text.length, (atBytes) => bytesExtent(atBytes, text));
  for (const { file, source } of files) {
    add(`${FOLDER}/${file}`, source.sizeBytes, (offsetBytes) => ({
      offsetBytes,
      lengthBytes: source.sizeBytes,
      source,
      sourceOffsetBytes: 0,
    }));
  }
  const map = blockMap(end + TAR_END_BYTES, extents);
  return { name: DRIVERS_NAME, source: mapSource(map, DRIVERS_NAME) };
}
