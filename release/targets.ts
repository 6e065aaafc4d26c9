/**
 * The machines that a release is made for.
 *
 * @module
 */

/** A machine, and what the world calls it. */
export interface Target {
  /** As Node has it, `process.platform` and `process.arch`: part of file names. */
  readonly name: string;
  /** As `deno compile --target` has it. */
  readonly triple: string;
  /** As Debian and OCI have it, where there is a package and a container image. */
  readonly linux?: "amd64" | "arm64";
}

/** All of them, in the order of their names. */
export const TARGETS: readonly Target[] = [
  { name: "darwin-arm64", triple: "aarch64-apple-darwin" },
  { name: "darwin-x64", triple: "x86_64-apple-darwin" },
  { name: "linux-arm64", triple: "aarch64-unknown-linux-gnu", linux: "arm64" },
  { name: "linux-x64", triple: "x86_64-unknown-linux-gnu", linux: "amd64" },
  { name: "win32-x64", triple: "x86_64-pc-windows-msvc" },
];

/** The machine that this runs on, if it is one of them. */
export function hostTarget(): Target | undefined {
  return TARGETS.find(({ triple }) => triple === Deno.build.target);
}

/** What executables end with. */
export function executableSuffix({ name }: Target): string {
  return name.startsWith("win32") ? ".exe" : "";
}
