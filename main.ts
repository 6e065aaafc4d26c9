/**
 * esxi-img: turns a VMware ESXi installer ISO into a disk image that installs itself.
 *
 * @module
 */

import { runApp } from "./lib/cli/app.ts";

if (import.meta.main) Deno.exit(await runApp(Deno.args));
