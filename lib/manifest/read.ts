/**
 * Reads manifests, strictly: what is not as docs/manifest.md says is refused by its place.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { foldCase } from "../disk/fat_names.ts";
import type { Manifest, Origin } from "./make.ts";

const FORMAT = 1;
const SHA256 = /^[0-9a-f]{64}$/;
const GUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ORIGINS: readonly Origin[] = ["iso", "edited", "added"];

/**
 * Reads a manifest. Properties that it may have besides are left out.
 *
 * @param path Which file it is, for messages.
 * @throws {Failure} `not-manifest` if it is not one that a build wrote.
 */
export function parseManifest(text: string, path: string): Manifest {
  const read = new Reader(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw read.unfit("it is not JSON", cause);
  }
  const root = read.object(json, "it");
  if (root.format !== FORMAT) throw read.unfit(`its format is not ${FORMAT}`);
  const { tool, iso, esxi, disk, output } = {
    tool: read.object(root.tool, "tool"),
    iso: read.object(root.iso, "iso"),
    esxi: read.object(root.esxi, "esxi"),
    disk: root.disk === null ? null : read.object(root.disk, "disk"),
    output: read.object(root.output, "output"),
  };
  return {
    format: FORMAT,
    tool: {
      name: read.text(tool.name, "tool.name"),
      version: read.text(tool.version, "tool.version"),
    },
    iso: {
      name: read.text(iso.name, "iso.name"),
      sizeBytes: read.size(iso.sizeBytes, "iso.sizeBytes"),
      sha256: read.text(iso.sha256, "iso.sha256", SHA256),
    },
    esxi: {
      version: esxi.version === null ? null : read.text(esxi.version, "esxi.version"),
      build: esxi.build === null ? null : read.text(esxi.build, "esxi.build"),
    },
    options: read.object(root.options, "options"),
    disk: disk === null ? null : {
      sizeBytes: read.size(disk.sizeBytes, "disk.sizeBytes"),
      guid: read.text(disk.guid, "disk.guid", GUID),
      partitionGuid: read.text(disk.partitionGuid, "disk.partitionGuid", GUID),
      clusterBytes: read.size(disk.clusterBytes, "disk.clusterBytes"),
      time: read.text(disk.time, "disk.time", TIME),
    },
    files: readFiles(root.files, read),
    output: {
      format: read.text(output.format, "output.format"),
      sizeBytes: read.size(output.sizeBytes, "output.sizeBytes"),
      sha256: read.text(output.sha256, "output.sha256", SHA256),
    },
  };
}

function readFiles(value: unknown, read: Reader): Manifest["files"] {
  if (!Array.isArray(value)) throw read.unfit("files is not a list");
  const seen = new Set<string>();
  return value.map((entry, i) => {
    const place = `files[${i}]`;
    const file = read.object(entry, place);
    const path = read.text(file.path, `${place}.path`, /./);
    const folded = foldCase(path);
    if (seen.has(folded)) throw read.unfit(`files names /${path} twice`);
    seen.add(folded);
    const origin = ORIGINS.find((known) => known === file.origin);
    if (origin === undefined) throw read.unfit(`${place}.origin is none of ${ORIGINS.join(", ")}`);
    return {
      path,
      sizeBytes: read.size(file.sizeBytes, `${place}.sizeBytes`),
      sha256: read.text(file.sha256, `${place}.sha256`, SHA256),
      origin,
    };
  });
}

/** Takes values for what they ought to be. */
class Reader {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  unfit(what: string, cause?: unknown): Failure {
    const remedy = "pass what build --manifest wrote";
    return new Failure("not-manifest", this.#path, what, remedy, cause);
  }

  object(value: unknown, place: string): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    throw this.unfit(`${place} is not an object`);
  }

  text(value: unknown, place: string, pattern = /^/): string {
    if (typeof value !== "string") throw this.unfit(`${place} is not text`);
    if (!pattern.test(value)) throw this.unfit(`${place} is not what it should be`);
    return value;
  }

  size(value: unknown, place: string): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.unfit(`${place} is not a number of bytes`);
  }
}
