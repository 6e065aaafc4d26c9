/**
 * A manifest as a build writes it.
 *
 * @module
 */

export const MANIFEST = {
  format: 1,
  tool: { name: "esxi-img", version: "0.1.0" },
  iso: { name: "a.iso", sizeBytes: 1, sha256: "0".repeat(64) },
  esxi: { version: "8.0.3", build: null },
  options: {},
  disk: {
    sizeBytes: 1024,
    guid: "00000000-0000-0000-0000-00000000000A",
    partitionGuid: "00000000-0000-0000-0000-00000000000B",
    clusterBytes: 512,
    time: "2024-09-23T12:00:00.000Z",
  },
  files: [{ path: "A/B", sizeBytes: 0, sha256: "f".repeat(64), origin: "iso" }],
  output: { format: "raw", sizeBytes: 1024, sha256: "1".repeat(64) },
};
