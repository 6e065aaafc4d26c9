/**
 * Writes the bill of materials: what is in the program, in CycloneDX's format.
 *
 * Source: CycloneDX 1.6, bom-1.6.schema.json.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ShippedPackage } from "./packages.ts";

/** What the bill is about. */
export interface SbomOptions {
  readonly version: string;
  readonly description: string;
  /** The versions of Deno that are in the executables, or run the npm package. */
  readonly denoVersions: readonly string[];
  /** In seconds since 1970. */
  readonly timeSeconds: number;
}

/** Writes the bill of materials. */
export function sbom(packages: readonly ShippedPackage[], options: SbomOptions): string {
  const { version, description, denoVersions, timeSeconds } = options;
  const self = `pkg:npm/esxi-img@${version}`;
  const components = [
    ...packages.map(({ name, version, licence, sha512 }) => {
      const [group, base] = name.startsWith("@") ? name.split("/") : [undefined, name];
      const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
      return {
        type: "library",
        "bom-ref": purl,
        ...(group === undefined ? {} : { group }),
        name: base,
        version,
        hashes: [{ alg: "SHA-512", content: sha512 }],
        licenses: [{ license: { id: licence } }],
        purl,
      };
    }),
    ...denoVersions.map((version) => {
      const purl = `pkg:github/denoland/deno@v${version}`;
      return {
        type: "platform",
        "bom-ref": purl,
        name: "deno",
        version,
        licenses: [{ license: { id: "MIT" } }],
        purl,
      };
    }),
  ];
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(timeSeconds * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "esxi-img",
        version,
        description,
        licenses: [{ license: { id: "Apache-2.0" } }],
        purl: self,
      },
    },
    components,
    dependencies: [
      { ref: self, dependsOn: components.map((component) => component["bom-ref"]) },
      ...components.map((component) => ({ ref: component["bom-ref"], dependsOn: [] })),
    ],
  };
  return JSON.stringify({ serialNumber: serialNumber(JSON.stringify(bom)), ...bom }, null, 2) +
    "\n";
}

/** RFC 9562 §5.8: a UUID of our own making, the same for the same bill. */
function serialNumber(text: string): string {
  const hash = createHash("sha256").update(text).digest();
  hash[6] = hash[6]! & 0x0f | 0x80;
  hash[8] = hash[8]! & 0x3f | 0x80;
  const hex = hash.toString("hex").slice(0, 32);
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}`;
}
