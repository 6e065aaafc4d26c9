/**
 * Reads VIBs, vSphere installation bundles: an `ar` of a descriptor, a signature and payloads. A
 * payload is what the boot loader takes as a module, byte for byte.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readBytes, type Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { ReadHash } from "../../blocks/hashing.ts";
import { sliceSource } from "../../blocks/slice.ts";
import { inflatedStream } from "../../formats/deflate/inflated_source.ts";
import { type ArMember, readAr } from "./ar.ts";
import { parseDescriptor, type PayloadDescriptor, type VibDescriptor } from "./descriptor.ts";
import { ElfScan } from "./elf.ts";
import { type PciClaim, PciScan } from "./pci_scan.ts";
import { notDriver } from "./not_driver.ts";

const DESCRIPTOR = "descriptor.xml";
const SIGNATURE = "sig.pkcs7";
/** A part that VIBs of ESX 4 have, and others do not. */
const OLD_PART = "control.tar.gz";
const MAX_DESCRIPTOR_BYTES = 4 * 1024 * 1024;
/** What the boot loader takes; kernels and firmware are of other types. */
const TYPES = ["vgz", "tgz"];
/** More than this no installer has memory for. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

/** A payload of a VIB. */
export interface VibPayload extends PayloadDescriptor {
  /** Its bytes as they are stored. */
  readonly source: Source;
  /** Devices that maps in it claim. */
  readonly pciClaims: readonly PciClaim[];
  /** Processors of the programs in it, as `e_machine` of ELF numbers them. */
  readonly machines: readonly number[];
}

/** A VIB, verified against its own descriptor. */
export interface Vib {
  /** The whole file. */
  readonly source: Source;
  /** What it says of itself. */
  readonly descriptor: VibDescriptor;
  /** Whether there is a signature; who made it is not looked at. */
  readonly isSigned: boolean;
  /** In the order of the descriptor, at least one. */
  readonly payloads: readonly VibPayload[];
}

/**
 * Opens a VIB and compares it with its descriptor. All of it is read.
 *
 * @throws {Failure} `not-driver` if it is none, damaged, or of a kind that cannot be booted;
 * `truncated` or `io` from the file.
 */
export async function openVib(file: Source): Promise<Vib> {
  const members = await readAr(file);
  if (members.some(({ name }) => name === OLD_PART)) {
    const what = "it is a VIB of ESX 4, which later releases do not take";
    throw notDriver(file.name, what, "pass one for this release");
  }
  const [first, signature, ...others] = members;
  if (first?.name !== DESCRIPTOR || signature?.name !== SIGNATURE) {
    const what = `it does not begin with ${DESCRIPTOR} and ${SIGNATURE}, as VIBs do`;
    throw notDriver(file.name, what);
  }
  if (first.sizeBytes > MAX_DESCRIPTOR_BYTES) {
    throw notDriver(file.name, `its ${DESCRIPTOR} has ${first.sizeBytes} bytes`);
  }
  const text = await readBytes(file, first.offsetBytes, first.sizeBytes);
  const descriptor = parseDescriptor(new TextDecoder().decode(text), file.name);
  if (descriptor.payloads.length === 0) {
    throw notDriver(file.name, "it holds no payload", "pass the VIB of a driver");
  }
  const payloads: VibPayload[] = [];
  for (const payload of descriptor.payloads) {
    payloads.push(await openPayload(file, payload, others));
  }
  return { source: file, descriptor, isSigned: signature.sizeBytes > 0, payloads };
}

async function openPayload(
  file: Source,
  payload: PayloadDescriptor,
  members: readonly ArMember[],
): Promise<VibPayload> {
  const { name, type } = payload;
  if (!TYPES.includes(type)) {
    const what =
      `its payload ${name} is of the type ${type}, which cannot be added to an installer`;
    throw notDriver(file.name, what, "pass the VIB of a driver");
  }
  const member = members.find((one) => one.name === name);
  if (member === undefined) throw notDriver(file.name, `its payload ${name} is missing`);
  if (member.sizeBytes !== payload.sizeBytes) {
    const what =
      `its payload ${name} has ${member.sizeBytes} bytes, not the ${payload.sizeBytes} ` +
      "that its descriptor says";
    throw notDriver(file.name, what);
  }
  const place = `${file.name}: ${name}`;
  const source = sliceSource(file, place, member.offsetBytes, member.sizeBytes);
  const stored = new ReadHash(source, source.sizeBytes);
  const { sha256, ...found } = await hashUnpacked(stored, file.name);
  const isSame = (wanted: string | undefined, found: string) =>
    wanted === undefined || wanted === found;
  if (!isSame(payload.sha256, stored.digest()) || !isSame(payload.unpackedSha256, sha256)) {
    const what = `its payload ${name} has another SHA-256 than its descriptor says: it was changed`;
    throw notDriver(file.name, what);
  }
  return { ...payload, source, ...found };
}

/** Reads all of a payload, which has to be one member of gzip with nothing behind it. */
async function hashUnpacked(
  source: Source,
  path: string,
): Promise<{ readonly sha256: string } & Pick<VibPayload, "machines" | "pciClaims">> {
  const hash = createHash("sha256");
  const [programs, maps] = [new ElfScan(), new PciScan()];
  let sizeBytes = 0;
  try {
    for await (const chunk of inflatedStream(source, "gzip")) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_UNPACKED_BYTES) throw new RangeError("it unpacks to more than 1 GiB");
      hash.update(chunk);
      programs.take(chunk);
      maps.take(chunk);
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw notDriver(path, "its payload cannot be unpacked", undefined, cause);
  }
  return {
    sha256: hash.digest("hex"),
    machines: programs.machines(),
    pciClaims: maps.claims(),
  };
}
