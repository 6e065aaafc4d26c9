/**
 * Compiles the bundle into an executable. `deno task compile` makes `dist/esxi-img`, for the
 * machine that it runs on.
 *
 * @module
 */

import { BUNDLE, makeBundle } from "./bundle.ts";
import { FLAGS } from "./flags.mjs";
import { runCompiler } from "./runtime.ts";

/** The arguments of Deno that compile the bundle. */
export function compileArguments(output: string, triple?: string): string[] {
  return [
    "compile",
    ...FLAGS,
    "--no-check",
    "--no-code-cache",
    "--exclude",
    "node_modules",
    "--include",
    `${BUNDLE}/lib`,
    ...(triple === undefined ? [] : ["--target", triple]),
    "--output",
    output,
    `${BUNDLE}/main.js`,
  ];
}

/**
 * Makes `dist/esxi-img`.
 *
 * @throws {Error} if no runtime for this machine can be had.
 */
export async function compileHere(): Promise<void> {
  await makeBundle();
  await runCompiler(compileArguments("dist/esxi-img"));
}

if (import.meta.main) await compileHere();
