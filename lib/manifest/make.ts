/**
 * The manifest: what an image was made of, and what came out. Nothing in it is secret.
 * docs/manifest.md describes it for its readers.
 *
 * @module
 */

import type { Extent, Source } from "../blocks/extent.ts";
import type { TreeFile } from "../blocks/file_tree.ts";
import { formatGuid } from "../blocks/guid.ts";
import { FilesHash, ReadHash, sha256, WholeHash, WriteHash } from "../blocks/hashing.ts";
import type { Sink } from "../blocks/sink.ts";
import type { ImagePlan, IsoPlan } from "../build.ts";
import { VERSION } from "../version.ts";

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
  /** Null for an ISO, which is no disk. */
  readonly disk: {
    readonly sizeBytes: number;
    readonly guid: string;
    readonly partitionGuid: string;
    readonly clusterBytes: number;
    /** ISO 8601. */
    readonly time: string;
  } | null;
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

/** Watches a build to write down what went into it and what came out. */
export class Recorder {
  /** The ISO, to be read through this. */
  readonly iso: WholeHash;
  readonly #files = new Map<string, { digest(): string }>();
  readonly #isoName: string;
  #output: WriteHash | undefined;

  /** @param isoName The ISO's name without its folder. */
  constructor(iso: Source, isoName: string) {
    this.iso = new WholeHash(iso);
    this.#isoName = isoName;
  }

  /** Watches a file of the ISO being read. */
  readonly tapFile = (path: string, source: Source, fileBytes: number): Source => {
    const tap = new ReadHash(source, fileBytes);
    this.#files.set(path, tap);
    return tap;
  };

  /** Watches the files of the ISO while all of it is read. */
  readonly tapFiles = (source: Source, files: readonly TreeFile[]): Source => {
    const tap = new FilesHash(source, files);
    for (const file of files) this.#files.set(file.path, { digest: () => tap.digest(file) });
    return tap;
  };

  /** Watches the output being written. */
  tapOutput(sink: Sink): Sink {
    this.#output = new WriteHash(sink);
    return this.#output;
  }

  /**
   * Writes the manifest.
   *
   * @param options The options that are not secret, as they were given.
   * @param output The format and size of what was written.
   * @throws {Failure} `truncated` or `io` from the ISO, whose rest is hashed now.
   */
  async manifest(
    plan: ImagePlan | IsoPlan,
    options: Manifest["options"],
    output: Omit<Manifest["output"], "sha256">,
  ): Promise<Manifest> {
    const { volume, installer } = plan;
    return {
      format: 1,
      tool: { name: "esxi-img", version: VERSION },
      iso: {
        name: this.#isoName,
        sizeBytes: volume.source.sizeBytes,
        sha256: await this.iso.digest(),
      },
      esxi: { version: installer.version ?? null, build: installer.build ?? null },
      options,
      disk: plan.medium === "iso" ? null : {
        sizeBytes: plan.map.sizeBytes,
        guid: formatGuid(plan.diskGuid),
        partitionGuid: formatGuid(plan.partitionGuid),
        clusterBytes: plan.disk.clusterBytes,
        time: new Date(plan.timeMs).toISOString(),
      },
      files: plan.files.map(({ path, sizeBytes, content, sha256: known }) => ({
        path,
        sizeBytes,
        sha256: plan.origins.has(path)
          ? known ?? sha256(bytesOf(content))
          : this.#files.get(path)?.digest() ?? sha256(""),
        origin: plan.origins.get(path) ?? "iso",
      })),
      output: { ...output, sha256: this.#output?.digest() ?? "" },
    };
  }
}

/** The bytes of a file that is in memory. */
function bytesOf([extent]: readonly Extent[]): Uint8Array {
  return extent !== undefined && "bytes" in extent ? extent.bytes : new Uint8Array(0);
}
