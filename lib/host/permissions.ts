/**
 * What the program is allowed to do, as the runtime enforces it.
 *
 * @module
 */

const KINDS = ["read", "write", "net", "run", "ffi", "sys", "import", "env"] as const;
/** The environment variables that the program reads. */
const VARIABLES = ["SOURCE_DATE_EPOCH", "NO_COLOR", "TERM", "HOME"];

/** By kind of access, `granted` or `denied`; of the environment, the variables that may be read. */
export type Permissions = Readonly<Record<string, string | readonly string[]>>;

/** Asks the runtime what is allowed. */
export function listPermissions(): Permissions {
  const isGranted = (descriptor: Deno.PermissionDescriptor) =>
    Deno.permissions.querySync(descriptor).state === "granted";
  return Object.fromEntries(KINDS.map((name) => {
    if (isGranted({ name })) return [name, "granted"];
    if (name !== "env") return [name, "denied"];
    return [name, VARIABLES.filter((variable) => isGranted({ name, variable }))];
  }));
}

/** The runtime that the program runs on. */
export function runtimeVersions(): { readonly deno: string; readonly v8: string } {
  return { deno: Deno.version.deno, v8: Deno.version.v8 };
}
