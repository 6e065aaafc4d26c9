/**
 * The folder that a release is written to, with a list of what is in it.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What kinds of files there are. */
export type ArtefactKind =
  | "executable"
  | "archive"
  | "debian-package"
  | "container-image"
  | "npm-package"
  | "documents"
  | "bill-of-materials";

/** A file of a release. */
export interface Artefact {
  readonly name: string;
  readonly kind: ArtefactKind;
  /** The name of a {@linkcode Target}; missing if it is for all. */
  readonly target?: string;
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** What could not be made here. */
export interface Missing {
  readonly kind: ArtefactKind;
  readonly target: string;
  readonly reason: string;
}

/** What a release consists of: `manifest.json`. */
export interface ReleaseManifest {
  readonly version: string;
  /** The time stamp of everything, in seconds since 1970. */
  readonly sourceDateEpoch: number;
  /** The commit, if it is known. */
  readonly commit?: string;
  readonly artefacts: readonly Artefact[];
  readonly missing: readonly Missing[];
}

const MANIFEST = "manifest.json";
const SUMS = "SHA256SUMS";

/** Collects the files of a release. */
export class ReleaseFolder {
  readonly #artefacts: Artefact[] = [];
  readonly #missing: Missing[] = [];

  /** @param path A folder that exists. */
  constructor(readonly path: string) {}

  /** Writes a file. */
  async add(
    name: string,
    kind: ArtefactKind,
    bytes: Uint8Array,
    target?: string,
    mode = 0o644,
  ): Promise<void> {
    await Deno.writeFile(`${this.path}/${name}`, bytes, { mode });
    const artefact = { name, kind, bytes: bytes.length, sha256: sha256(bytes) };
    this.#artefacts.push(target === undefined ? artefact : { ...artefact, target });
  }

  /** Notes what could not be made. */
  miss(kind: ArtefactKind, target: string, reason: string): void {
    this.#missing.push({ kind, target, reason });
  }

  /** What could not be made. */
  get missing(): readonly Missing[] {
    return this.#missing;
  }

  /** Writes the manifest and the checksums of everything. */
  async finish(
    facts: Pick<ReleaseManifest, "version" | "sourceDateEpoch" | "commit">,
  ): Promise<void> {
    await writeLists(this.path, { ...facts, artefacts: this.#artefacts, missing: this.#missing });
  }
}

/**
 * Joins the releases of several machines into one folder.
 *
 * @throws {Error} if they are not of one version and time, a file is not what its manifest says, or
 *   two have one name and not one content.
 */
export async function joinReleases(folders: readonly string[], into: string): Promise<void> {
  const artefacts = new Map<string, Artefact>();
  const missing: Missing[] = [];
  let first: ReleaseManifest | undefined;
  for (const folder of folders) {
    const manifest: ReleaseManifest = JSON.parse(await Deno.readTextFile(`${folder}/${MANIFEST}`));
    first ??= manifest;
    for (const key of ["version", "sourceDateEpoch", "commit"] as const) {
      if (manifest[key] !== first[key]) throw new Error(`${folder} is of another ${key}`);
    }
    for (const artefact of manifest.artefacts) {
      const bytes = await Deno.readFile(`${folder}/${artefact.name}`);
      if (sha256(bytes) !== artefact.sha256) {
        throw new Error(`${folder}/${artefact.name} is not what its manifest says`);
      }
      if (
        artefacts.has(artefact.name) && artefacts.get(artefact.name)!.sha256 !== artefact.sha256
      ) {
        throw new Error(`${artefact.name} differs between the machines`);
      }
      artefacts.set(artefact.name, artefact);
      const mode = artefact.kind === "executable" ? 0o755 : 0o644;
      await Deno.writeFile(`${into}/${artefact.name}`, bytes, { mode });
    }
    missing.push(...manifest.missing);
  }
  if (first === undefined) throw new Error("there is nothing to join");
  const made = [...artefacts.values()];
  const left = missing.filter(({ kind, target }, i) =>
    !made.some((artefact) => artefact.kind === kind && artefact.target === target) &&
    missing.findIndex((other) => other.kind === kind && other.target === target) === i
  );
  await writeLists(into, { ...first, artefacts: made, missing: left });
}

async function writeLists(path: string, manifest: ReleaseManifest): Promise<void> {
  const byName = manifest.artefacts.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const text = JSON.stringify({ ...manifest, artefacts: byName }, null, 2) + "\n";
  const own = { name: MANIFEST, sha256: sha256(new TextEncoder().encode(text)) };
  await Deno.writeTextFile(`${path}/${MANIFEST}`, text);
  const lines = [...byName, own].map((file) => `${file.sha256}  ${file.name}\n`);
  await Deno.writeTextFile(`${path}/${SUMS}`, lines.join(""));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
