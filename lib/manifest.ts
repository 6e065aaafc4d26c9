/**
 * The manifest: what an image was made of, and what came out. Nothing in it is secret.
 * docs/manifest.md describes it for its readers.
 *
 * @module
 */

import type { ImagePlan } from "./build.ts";
import { formatGuid } from "./disk/guid.ts";
import { sha256 } from "./hashing.ts";
import { VERSION } from "./version.ts";

/** Where a file of the image comes from. */
export type Origin = "iso" | "edited" | "added";

/** The manifest's content. */
export interface Manifest {
  readonly format: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly iso: { readonly name: string; readonly sizeBytes: number; readonly sha256: string };
  readonly esxi: { readonly version: string | null; readonly build: string | null };
  /** The options that are not secret, as they were given. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly disk: {
    readonly sizeBytes: number;
    readonly guid: string;
    readonly partitionGuid: string;
    readonly clusterBytes: number;
    /** ISO 8601. */
    readonly time: string;
  };
  readonly files: readonly {
    readonly path: string;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly origin: Origin;
  }[];
  readonly output: {
    readonly format: string;
    readonly sizeBytes: number;
    readonly sha256: string;
  };
}

/** What a manifest says besides the plan. */
export interface ManifestInputs {
  readonly isoSha256: string;
  /** By path: the files whose bytes came from sources. */
  readonly fileSha256: ReadonlyMap<string, string>;
  readonly options: Manifest["options"];
  readonly output: Manifest["output"];
}

/** Writes down what went into an image. */
export function makeManifest(plan: ImagePlan, inputs: ManifestInputs): Manifest {
  const { volume, installer, disk } = plan;
  return {
    format: 1,
    tool: { name: "esxi-img", version: VERSION },
    iso: {
      name: volume.source.name.split("/").at(-1) ?? "",
      sizeBytes: volume.source.sizeBytes,
      sha256: inputs.isoSha256,
    },
    esxi: { version: installer.version ?? null, build: installer.build ?? null },
    options: inputs.options,
    disk: {
      sizeBytes: disk.map.sizeBytes,
      guid: formatGuid(plan.diskGuid),
      partitionGuid: formatGuid(plan.partitionGuid),
      clusterBytes: disk.clusterBytes,
      time: new Date(plan.timeMs).toISOString(),
    },
    files: plan.files.map(({ path, sizeBytes, content }) => ({
      path,
      sizeBytes,
      sha256: inputs.fileSha256.get(path) ??
        sha256(content[0] !== undefined && "bytes" in content[0] ? content[0].bytes : ""),
      origin: plan.origins.get(path) ?? "iso",
    })),
    output: inputs.output,
  };
}
