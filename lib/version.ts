/**
 * Which esxi-img this is.
 *
 * @module
 */

/** The version of esxi-img. */
export const VERSION = "0.1.0";
