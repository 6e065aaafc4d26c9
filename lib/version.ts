/**
 * Which esxi-img this is.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

/** The version of esxi-img, as `deno.json` says it: there and nowhere else. */
export const VERSION: string = config.version;
