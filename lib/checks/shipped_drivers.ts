/**
 * Compares drivers with what the installer brings by itself: the same driver, in another version
 * maybe, or another one's files.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import type { VibDescriptor } from "../esxi/drivers/descriptor.ts";
import { moduleStem } from "../esxi/drivers/module_name.ts";
import type { Driver } from "../esxi/drivers/open.ts";
import { compareVibVersions } from "../esxi/drivers/vib_version.ts";
import type { Vib } from "../esxi/drivers/vib.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

/** Checks whether the installer has drivers already, if any were given. */
export function checkShippedDrivers(inputs: Inputs): Finding[] {
  const { drivers = [], shippedVibs = [] } = inputs;
  return drivers.flatMap((driver) => [
    ...checkModule(driver, inputs),
    ...driver.vibs.flatMap((vib) => {
      const own = shippedVibs.find(({ name }) => name === vib.descriptor.name);
      return own === undefined
        ? checkFiles(vib, driver, shippedVibs)
        : [checkVersion(vib, driver, own)];
    }),
  ]);
}

/** The installer's VIB of the same name: which of the two is loaded, ESXi decides. */
function checkVersion(
  { source, descriptor: { name, version } }: Vib,
  { isModuleOnly = false }: Driver,
  shipped: VibDescriptor,
): Finding {
  const order = compareVibVersions(version, shipped.version);
  if (order === 0) {
    const what = `the installer has ${name} ${version} already`;
    return finding("driver-known", source.name, what);
  }
  const both = `it is ${name} ${version}, and the installer has ${shipped.version}`;
  if (order < 0) {
    const effect = isModuleOnly ? "" : ", which the first boot would set back";
    const remedy = "leave it out, unless the older one is wanted";
    return finding("driver-known", source.name, both + effect, remedy);
  }
  if (isModuleOnly) {
    const remedy = "pass it without :module-only, so that hosts replace theirs";
    return finding("driver-known", source.name, both, remedy);
  }
  return finding("driver-newer", source.name, `${both}, which the first boot replaces`);
}

/** Files that another VIB of the installer brings. */
function checkFiles(
  { source, descriptor }: Vib,
  { isModuleOnly = false }: Driver,
  shippedVibs: readonly VibDescriptor[],
): Finding[] {
  const { files, isOverlay, replaces } = descriptor;
  if (isOverlay) return [];
  const wanted = new Set(files);
  for (const other of shippedVibs) {
    const file = other.files.find((path) => wanted.has(path));
    if (file === undefined || other.isOverlay || replaces.includes(other.name)) continue;
    const what = `it brings /${file}, and so does the installer's ${other.name} ${other.version}`;
    if (isModuleOnly) return [finding("driver-known", source.name, what)];
    const remedy = "pass FILE:module-only to keep it a boot module, which hosts do not install";
    return [finding("driver-double", source.name, what, remedy)];
  }
  return [];
}

/** A module of the same name, where nothing better tells what the installer has. */
function checkModule(driver: Driver, { shippedVibs = [], bootModules = [] }: Inputs): Finding[] {
  if (driver.kind !== "module" && shippedVibs.length > 0) return [];
  const stems = driver.kind === "module"
    ? [moduleStem(driver.source.name)]
    : driver.vibs.flatMap(({ payloads }) => payloads.map(({ name }) => moduleStem(name)));
  const known = bootModules.find((path) => stems.includes(moduleStem(path)));
  if (known === undefined) return [];
  const name = known.split("/").at(-1)!;
  const what = `the installer has a module of that name, ${name}`;
  return [finding("driver-known", driver.source.name, what)];
}
