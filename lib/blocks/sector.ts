/**
 * The sectors that disks and their formats are counted in.
 *
 * @module
 */

/** Every image has sectors of 512 bytes; formats for virtual machines count in them as well. */
export const SECTOR_BYTES = 512;
