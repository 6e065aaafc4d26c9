/**
 * The times that FAT can hold (Microsoft FAT specification 1.03 §6): every medium keeps to them.
 *
 * @module
 */

/** The first: 1980-01-01. */
export const FAT_EPOCH_MS = 315_532_800_000;

/** The last: the last two seconds of 2107. */
export const FAT_END_MS = 4_354_819_198_000;
