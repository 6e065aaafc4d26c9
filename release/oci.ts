/**
 * Packs a container image without a daemon: an OCI image layout in a tar archive, as skopeo, podman
 * and Docker (25 and later) load it.
 *
 * Source: OCI image specification 1.1, "Image Layout", "Image Manifest", "Image Configuration".
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type PackedFile, textFile } from "./packed_file.ts";
import { gzip, packFiles } from "./tar.ts";

const TYPES = {
  config: "application/vnd.oci.image.config.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  manifest: "application/vnd.oci.image.manifest.v1+json",
};
/** Nobody in particular: no container platform runs it as root. */
const USER = "65532:65532";

/** What an image is called and runs. */
export interface OciOptions {
  readonly name: string;
  readonly version: string;
  readonly architecture: "amd64" | "arm64";
  readonly entrypoint: readonly string[];
  /** Where it starts: the user's files are mounted there. */
  readonly workingDir: string;
  /** `org.opencontainers.image.…`, by the part after the last dot. */
  readonly labels: Readonly<Record<string, string>>;
  /** The time stamp of everything, in seconds since 1970. */
  readonly timeSeconds: number;
}

/** Packs an image of one layer. */
export async function packOci(
  files: readonly PackedFile[],
  options: OciOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { timeSeconds, architecture, version } = options;
  const created = new Date(timeSeconds * 1000).toISOString().replace(".000", "");
  const folders = [
    { path: "tmp", mode: 0o1777 },
    ...["dev", "proc", options.workingDir.slice(1)].map((path) => ({ path })),
  ];
  const layer = await packFiles(files, { timeSeconds, folders });
  const layerBlob = blob(gzip(layer));
  const labels = Object.fromEntries(
    Object.entries({ ...options.labels, version, created }).toSorted()
      .map(([key, value]) => [`org.opencontainers.image.${key}`, value]),
  );
  const config = jsonBlob({
    created,
    architecture,
    os: "linux",
    config: {
      User: USER,
      Env: ["PATH=/usr/bin"],
      Entrypoint: options.entrypoint,
      WorkingDir: options.workingDir,
      Labels: labels,
    },
    rootfs: { type: "layers", diff_ids: [digest(layer)] },
    history: [{ created, created_by: "deno task release" }],
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: descriptor(TYPES.config, config),
    layers: [descriptor(TYPES.layer, layerBlob)],
    annotations: labels,
  });
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [{
      ...descriptor(TYPES.manifest, manifest),
      platform: { architecture, os: "linux" },
      // What podman and Docker's containerd call it once it is loaded.
      annotations: {
        "io.containerd.image.name": `localhost/${options.name}:${version}`,
        "org.opencontainers.image.ref.name": `localhost/${options.name}:${version}`,
      },
    }],
  });
  return await packFiles([
    layerBlob,
    config,
    manifest,
    textFile("index.json", index),
    textFile("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })),
  ], { timeSeconds });
}

function digest(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function blob(bytes: Uint8Array): PackedFile {
  return { path: `blobs/${digest(bytes).replace(":", "/")}`, bytes };
}

function jsonBlob(value: unknown): PackedFile {
  return blob(new TextEncoder().encode(JSON.stringify(value)));
}

function descriptor(mediaType: string, { bytes }: PackedFile) {
  return { mediaType, digest: digest(bytes), size: bytes.length };
}
