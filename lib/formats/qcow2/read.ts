/**
 * Reads qcow2 images: see the table in `write.ts`. Besides our own, it takes those of
 * qemu-img, of any cluster size and of version 2, but none with backing files or encryption.
 *
 * @module
 */

import { inflateRawSync } from "node:zlib";
import { DisjointParts, notImage, readPart, requireInside } from "../../blocks/damage.ts";
import type { Source } from "../../blocks/extent.ts";
import { compressedSource, type StoredPart } from "../compressed_source.ts";
import {
  decodeClusterEntry,
  decodeHeader,
  decodeTableOffset,
  ENTRY_BYTES,
  hasQcow2Magic,
  HEADER_V2_BYTES,
  HEADER_V3_BYTES,
  INCOMPATIBLE_DIRTY,
  type Qcow2Header,
} from "./format.ts";
import { ExtentList, type VirtualDisk, virtualDisk } from "../virtual_disk.ts";

/** "Header", cluster_bits: at least 512 bytes; QEMU's limit is 2 MiB. */
const MIN_CLUSTER_BITS = 9;
const MAX_CLUSTER_BITS = 21;

/**
 * Opens a qcow2 image.
 *
 * @throws {Failure} `not-image` if it is damaged or needs what this reader does not do, `truncated`
 * or `io` from the file.
 */
export async function openQcow2(file: Source): Promise<VirtualDisk> {
  const header = await readHeader(file);
  const clusterBytes = 2 ** header.clusterBits;
  const entriesPerTable = clusterBytes / ENTRY_BYTES;
  const tableSpanBytes = clusterBytes * entriesPerTable;

  // Tables are read one at a time; only those with compressed clusters stay in memory.
  const compressed = new Map<number, BigUint64Array>();
  const compressedDisk = compressedSource(file, header.sizeBytes, {
    blockBytes: clusterBytes,
    locate: (cluster) => {
      const table = compressed.get(Math.floor(cluster / entriesPerTable))!;
      return storedPart(file, table[cluster % entriesPerTable]!, header);
    },
    inflate(stored, _cluster, into) {
      const bytes = inflateRawSync(stored, {
        maxOutputLength: clusterBytes,
        chunkSize: clusterBytes,
      });
      into.set(bytes);
      return bytes.length;
    },
  });

  const extents = new ExtentList(header.sizeBytes);
  const used = new DisjointParts(file);
  const l1Entries = Math.ceil(header.sizeBytes / tableSpanBytes);
  const l1Bytes = await readPart(file, "L1 table", header.l1OffsetBytes, l1Entries * ENTRY_BYTES);
  for (const [l1Index, l1Entry] of bigEndianEntries(l1Bytes).entries()) {
    const tableOffsetBytes = decodeTableOffset(l1Entry);
    if (tableOffsetBytes === 0) continue;
    used.add(tableOffsetBytes, clusterBytes);
    const table = bigEndianEntries(
      await readPart(file, "L2 table", tableOffsetBytes, clusterBytes),
    );
    for (let i = 0; i < entriesPerTable; i++) {
      if (table[i] === 0n) continue;
      const offsetBytes = l1Index * tableSpanBytes + i * clusterBytes;
      const restBytes = header.sizeBytes - offsetBytes;
      if (restBytes <= 0) break;
      const place = decodeClusterEntry(table[i]!, header);
      if (place.kind === "compressed") {
        compressed.set(l1Index, table);
        extents.add(offsetBytes, clusterBytes, compressedDisk, offsetBytes);
      } else if (place.kind === "plain") {
        // QEMU leaves out the end of the last cluster that the disk does not reach.
        const usedBytes = Math.min(clusterBytes, restBytes);
        requireInside(file, "data", place.offsetBytes, usedBytes);
        used.add(place.offsetBytes, usedBytes);
        extents.add(offsetBytes, clusterBytes, file, place.offsetBytes);
      }
    }
  }
  const variant = compressed.size > 0 ? "compressed" : "plain";
  return virtualDisk({ format: "qcow2", variant, name: file.name }, extents.toMap());
}

async function readHeader(file: Source): Promise<Qcow2Header> {
  if (file.sizeBytes < HEADER_V2_BYTES) throw notImage(file, "its header is cut short");
  const bytes = new Uint8Array(HEADER_V3_BYTES);
  await file.read(bytes.subarray(0, Math.min(HEADER_V3_BYTES, file.sizeBytes)), 0);
  if (!hasQcow2Magic(bytes)) throw notImage(file, "it has no qcow2 header");
  const header = decodeHeader(bytes);
  const { version } = header;
  if (version !== 2 && version !== 3) throw notImage(file, `it is qcow2 of version ${version}`);
  const { clusterBits, sizeBytes } = header;
  if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
    throw notImage(file, `its clusters have 2^${clusterBits} bytes`);
  }
  if (!Number.isSafeInteger(sizeBytes)) throw notImage(file, "its disk is impossibly large");
  if (header.backingFileOffsetBytes !== 0) throw notImage(file, "it needs a backing file");
  if (header.cryptMethod !== 0) throw notImage(file, "it is encrypted");
  if ((header.incompatibleFeatures & ~INCOMPATIBLE_DIRTY) !== 0n) {
    throw notImage(file, "it has features that this program does not know");
  }
  const neededEntries = sizeBytes / 2 ** (2 * clusterBits) * ENTRY_BYTES;
  if (header.l1Entries < neededEntries) throw notImage(file, "its L1 table is too short");
  return header;
}

function storedPart(file: Source, entry: bigint, header: Qcow2Header): StoredPart {
  const place = decodeClusterEntry(entry, header);
  if (place.kind !== "compressed") throw new RangeError("Cannot inflate what is not compressed");
  // The sector count rounds up, maybe past the end of the file.
  const restBytes = Math.max(file.sizeBytes - place.offsetBytes, 0);
  const lengthBytes = Math.min(place.maxLengthBytes, restBytes);
  return { offsetBytes: place.offsetBytes, lengthBytes };
}

function bigEndianEntries(bytes: Uint8Array): BigUint64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return BigUint64Array.from(
    { length: bytes.length / ENTRY_BYTES },
    (_, i) => view.getBigUint64(i * ENTRY_BYTES),
  );
}
