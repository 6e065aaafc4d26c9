/**
 * The descriptor of a VIB, `descriptor.xml`: what it is, what it needs, what it holds. The same text
 * stands in an installation's image database.
 *
 * @module
 */

import { notDriver } from "./not_driver.ts";
import { childAt, childrenOf, descendants, parseXml, type XmlElement } from "./xml.ts";

/** Whom a VIB's maker answers to, as descriptors spell it; the most trusted first. */
export type AcceptanceLevel = "certified" | "accepted" | "partner" | "community";

const ACCEPTANCE_LEVELS: readonly AcceptanceLevel[] = [
  "certified",
  "accepted",
  "partner",
  "community",
];

/** A system that something is for. */
export interface Platform {
  /** As in `embeddedEsx`. */
  readonly productLine: string;
  /** As in `8.0.0` or `8.*`; empty if it is for any. */
  readonly version: string;
}

/** What a descriptor says of a payload. */
export interface PayloadDescriptor {
  /** Also that of its part of the VIB. */
  readonly name: string;
  /** As in `vgz` or `tgz`. */
  readonly type: string;
  /** As it is stored. */
  readonly sizeBytes: number;
  /** SHA-256 of the payload as it is stored, if it is there. */
  readonly sha256: string | undefined;
  /** SHA-256 of what it unpacks to, if it is there. */
  readonly unpackedSha256: string | undefined;
}

/** What a descriptor says. */
export interface VibDescriptor {
  /** As in `VMW_bootbank_icen_1.4.1.7-1vmw.703.0.0.18644231`. */
  readonly id: string;
  /** As in `icen`. */
  readonly name: string;
  /** As in `1.4.1.7-1vmw.703.0.0.18644231`. */
  readonly version: string;
  /** As in `VMW`. */
  readonly vendor: string;
  /** One line on what it is. */
  readonly summary: string;
  /** Who answers for it. */
  readonly acceptanceLevel: AcceptanceLevel;
  /** Names of what it needs. */
  readonly depends: readonly string[];
  /** Names of VIBs that it takes the place of. */
  readonly replaces: readonly string[];
  /** What it is for; none if it does not say. */
  readonly platforms: readonly Platform[];
  /** Paths without a leading slash. */
  readonly files: readonly string[];
  /** Whether it may replace files of other VIBs. */
  readonly isOverlay: boolean;
  /** What it holds, in order. */
  readonly payloads: readonly PayloadDescriptor[];
}

/**
 * Parses a descriptor.
 *
 * @param path Which file it is of, for messages.
 * @throws {Failure} `not-driver` if it is none.
 */
export function parseDescriptor(text: string, path: string): VibDescriptor {
  const root = readXml(text, path, "descriptor.xml");
  if (root.name !== "vib") throw notDriver(path, "its descriptor.xml does not describe a VIB");
  const at = (name: string) => childAt(root, name)?.text ?? "";
  const [name, version, vendor] = [at("name"), at("version"), at("vendor")];
  const level = ACCEPTANCE_LEVELS.find((known) => known === at("acceptance-level"));
  if (name === "" || version === "" || vendor === "" || level === undefined) {
    throw notDriver(path, "its descriptor.xml lacks name, version, vendor or acceptance level");
  }
  return {
    id: [vendor, at("type") || "bootbank", name, version].join("_"),
    name,
    version,
    vendor,
    summary: at("summary"),
    acceptanceLevel: level,
    depends: relatedNames(root, "depends"),
    replaces: relatedNames(root, "replaces"),
    platforms: platformsOf(root),
    files: childrenOf(childAt(root, "file-list"), "file").map((file) =>
      file.text.replace(/^\/+/, "")
    ),
    isOverlay: at("overlay") === "true",
    payloads: childrenOf(childAt(root, "payloads"), "payload").map(payloadOf),
  };
}

function relatedNames(root: XmlElement, relation: string): string[] {
  return childrenOf(childAt(root, `relationships/${relation}`), "constraint")
    .map(({ attributes }) => attributes.name ?? "");
}

/** The systems that a document names, without doubles. */
export function platformsOf(root: XmlElement): Platform[] {
  const found = descendants(root, "softwarePlatform").map(({ attributes }) => ({
    productLine: attributes.productLineID ?? "",
    version: attributes.version ?? "",
  }));
  return [...new Map(found.map((one) => [`${one.productLine} ${one.version}`, one])).values()];
}

/**
 * Parses a document of a VIB or a depot.
 *
 * @param path Which file it is of, and `name` which document, for messages.
 * @throws {Failure} `not-driver` if it is not well-formed.
 */
export function readXml(text: string, path: string, name: string): XmlElement {
  try {
    return parseXml(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw notDriver(path, `its ${name} is not XML: ${cause.message}`, undefined, cause);
  }
}

function payloadOf(payload: XmlElement): PayloadDescriptor {
  const checksum = (isUnpacked: boolean) =>
    childrenOf(payload, "checksum").find(({ attributes }) =>
      attributes["checksum-type"] === "sha-256" &&
      (attributes["verify-process"] === "gunzip") === isUnpacked
    )?.text.toLowerCase();
  return {
    name: payload.attributes.name ?? "",
    type: payload.attributes.type ?? "",
    sizeBytes: Number(payload.attributes.size ?? NaN),
    sha256: checksum(false),
    unpackedSha256: checksum(true),
  };
}
