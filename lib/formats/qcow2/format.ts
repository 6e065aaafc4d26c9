/**
 * What the writer and the reader of qcow2 images both know. Numbers are big-endian; sections are
 * those of qcow2.txt in QEMU's documentation (docs/interop).
 *
 * @module
 */

/** "Header": `QFI` and 0xFB. */
export const QCOW2_MAGIC = 0x514649fb;
/** "Header", cluster_bits, of the images that are written: 64 KiB, what QEMU itself chooses. */
export const CLUSTER_BITS = 16;
export const CLUSTER_BYTES = 2 ** CLUSTER_BITS;
/** "Header": the length that version 3 has at least. */
export const HEADER_V3_BYTES = 104;
/** "Header": all of version 2. */
export const HEADER_V2_BYTES = 72;
/** "Cluster mapping" and "Host cluster management": an entry of an L1, L2 or refcount table. */
export const ENTRY_BYTES = 8;
/** "Header", refcount_order: log2 of the 16 bits of a reference count. */
export const REFCOUNT_ORDER = 4;
export const REFCOUNT_BYTES = 2;

/** "Header": where each field lies. */
const HEADER = {
  magic: 0,
  version: 4,
  backingFileOffset: 8,
  clusterBits: 20,
  size: 24,
  cryptMethod: 32,
  l1Size: 36,
  l1TableOffset: 40,
  refcountTableOffset: 48,
  refcountTableClusters: 56,
  snapshotCount: 60,
  incompatibleFeatures: 72,
  refcountOrder: 96,
  headerLength: 100,
} as const;

/** "Header", incompatible_features: the only bit that does not change how data are found. */
export const INCOMPATIBLE_DIRTY = 1n << 0n;

/** The fields of the header that matter to an image without snapshots, backing file or encryption. */
export interface Qcow2Header {
  readonly version: number;
  readonly clusterBits: number;
  /** Of the virtual disk. */
  readonly sizeBytes: number;
  readonly l1Entries: number;
  readonly l1OffsetBytes: number;
  readonly refcountTableOffsetBytes: number;
  readonly refcountTableClusters: number;
  readonly backingFileOffsetBytes: number;
  readonly cryptMethod: number;
  readonly incompatibleFeatures: bigint;
}

/** A header of version 3. Without header extensions, zeros end it. */
export function encodeHeader(header: Qcow2Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_V3_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER.magic, QCOW2_MAGIC);
  view.setUint32(HEADER.version, header.version);
  view.setBigUint64(HEADER.backingFileOffset, BigInt(header.backingFileOffsetBytes));
  view.setUint32(HEADER.clusterBits, header.clusterBits);
  view.setBigUint64(HEADER.size, BigInt(header.sizeBytes));
  view.setUint32(HEADER.cryptMethod, header.cryptMethod);
  view.setUint32(HEADER.l1Size, header.l1Entries);
  view.setBigUint64(HEADER.l1TableOffset, BigInt(header.l1OffsetBytes));
  view.setBigUint64(HEADER.refcountTableOffset, BigInt(header.refcountTableOffsetBytes));
  view.setUint32(HEADER.refcountTableClusters, header.refcountTableClusters);
  view.setBigUint64(HEADER.incompatibleFeatures, header.incompatibleFeatures);
  view.setUint32(HEADER.refcountOrder, REFCOUNT_ORDER);
  view.setUint32(HEADER.headerLength, HEADER_V3_BYTES);
  return bytes;
}

/** Whether a file begins like a qcow2 image. */
export function hasQcow2Magic(head: Uint8Array): boolean {
  return head.length >= 4 && dataView(head).getUint32(HEADER.magic) === QCOW2_MAGIC;
}

/** Takes a header apart; version 2 ends before the features, which count as none. */
export function decodeHeader(bytes: Uint8Array): Qcow2Header {
  const view = dataView(bytes);
  const version = view.getUint32(HEADER.version);
  return {
    version,
    clusterBits: view.getUint32(HEADER.clusterBits),
    sizeBytes: Number(view.getBigUint64(HEADER.size)),
    l1Entries: view.getUint32(HEADER.l1Size),
    l1OffsetBytes: Number(view.getBigUint64(HEADER.l1TableOffset)),
    refcountTableOffsetBytes: Number(view.getBigUint64(HEADER.refcountTableOffset)),
    refcountTableClusters: view.getUint32(HEADER.refcountTableClusters),
    backingFileOffsetBytes: Number(view.getBigUint64(HEADER.backingFileOffset)),
    cryptMethod: view.getUint32(HEADER.cryptMethod),
    incompatibleFeatures: version < 3 ? 0n : view.getBigUint64(HEADER.incompatibleFeatures),
  };
}

/** "Cluster mapping", bit 63 of L1 and L2 entries: the reference count is exactly one. */
const COPIED = 1n << 63n;
/** "Cluster mapping", L2 table entry, bit 62. */
const COMPRESSED = 1n << 62n;
/** "Cluster mapping", Standard Cluster Descriptor, bit 0. */
const READS_AS_ZERO = 1n;
/** "Cluster mapping": bits 9 to 55 of L1 and standard L2 entries. */
const OFFSET_MASK = 0x00ff_ffff_ffff_fe00n;
/** "Compressed Clusters Descriptor": the sectors that it counts. */
const SECTOR_BYTES = 512;

/** The entry for an L2 table or a data cluster that nothing else refers to. */
export function encodeEntry(offsetBytes: number): bigint {
  return COPIED | BigInt(offsetBytes);
}

/** The L2 entry for a compressed cluster, "Compressed Clusters Descriptor". */
export function encodeCompressedEntry(
  offsetBytes: number,
  lengthBytes: number,
  clusterBits: number,
): bigint {
  const lastSector = Math.floor((offsetBytes + lengthBytes - 1) / SECTOR_BYTES);
  const additionalSectors = lastSector - Math.floor(offsetBytes / SECTOR_BYTES);
  const offsetBits = BigInt(62 - (clusterBits - 8));
  return COMPRESSED | BigInt(additionalSectors) << offsetBits | BigInt(offsetBytes);
}

/** Where an L1 entry's L2 table lies; 0 if there is none. */
export function decodeTableOffset(entry: bigint): number {
  return Number(entry & OFFSET_MASK);
}

/** What an L2 entry says of its cluster. */
export type ClusterPlace =
  | { readonly kind: "hole" }
  | { readonly kind: "plain"; readonly offsetBytes: number }
  | { readonly kind: "compressed"; readonly offsetBytes: number; readonly maxLengthBytes: number };

/** Takes an L2 entry apart. */
export function decodeClusterEntry(entry: bigint, header: Qcow2Header): ClusterPlace {
  if ((entry & COMPRESSED) !== 0n) {
    const offsetBits = BigInt(62 - (header.clusterBits - 8));
    const offsetBytes = Number(entry & ((1n << offsetBits) - 1n));
    const additionalSectors = Number((entry & (COMPRESSED - 1n)) >> offsetBits);
    const maxLengthBytes = (additionalSectors + 1) * SECTOR_BYTES - offsetBytes % SECTOR_BYTES;
    return { kind: "compressed", offsetBytes, maxLengthBytes };
  }
  const offsetBytes = Number(entry & OFFSET_MASK);
  const readsAsZero = header.version >= 3 && (entry & READS_AS_ZERO) !== 0n;
  return offsetBytes === 0 || readsAsZero ? { kind: "hole" } : { kind: "plain", offsetBytes };
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
