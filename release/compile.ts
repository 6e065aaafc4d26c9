/**
 * Compiles the bundle into an executable. `deno task compile` makes `dist/esxi-img`, for the
 * machine that it runs on.
 *
 * @module
 */

import { BUNDLE, makeBundle, ROOT } from "./bundle.ts";
import { FLAGS } from "./flags.mjs";

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

if (import.meta.main) {
  await makeBundle();
  const command = new Deno.Command(Deno.execPath(), {
    args: compileArguments("dist/esxi-img"),
    cwd: ROOT,
  });
  Deno.exit((await command.spawn().status).code);
}
