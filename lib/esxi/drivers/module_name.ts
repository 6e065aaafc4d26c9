/**
 * Names of drivers' boot modules.
 *
 * @module
 */

/** The boot loader's names have eight characters and three. */
const NAME_CHARACTERS = 8;

/** What ESXi calls a module without its number: `net-acme-nic` is `net_acme`, `/Net_acme.v00` too. */
export function moduleStem(name: string): string {
  return fileStem(name).toLowerCase().replaceAll(/[^a-z0-9]/g, "_").slice(0, NAME_CHARACTERS);
}

/** A name of a module that none has yet: `net-acme` is `net_acme.x00`. ESXi itself names none `.xNN`. */
export function freeModuleName(name: string, taken: readonly string[]): string {
  const stem = moduleStem(name) || "driver";
  for (let number = 0;; number++) {
    const free = `${stem}.x${String(number).padStart(2, "0")}`;
    if (!taken.includes(free)) return free;
  }
}

/** The name of a file without its folders and what follows its first dot. */
function fileStem(path: string): string {
  return path.split(/[/\\]/).at(-1)!.split(".")[0]!;
}
