/**
 * Makes ISOs in the shape of ESXi's installers, with modules of pseudo-random gzip data.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { isoBytes, type IsoInput, writeIso } from "./iso_writer.ts";

/** What an installer-shaped ISO is made of. */
export interface InstallerOptions {
  readonly moduleCount?: number;
  /** The size of all modules together. */
  readonly modulesBytes?: number;
  /** Modules without content: holes of zeros, for huge ISOs that take no space. */
  readonly isSparse?: boolean;
  /** How many of the modules compress, from the first on. */
  readonly compressibleModules?: number;
  /** How many modules differ before they repeat: a huge ISO is made from few, in little memory. */
  readonly distinctModules?: number;
  readonly bootCfg?: string;
  readonly label?: string;
  /** The path of the boot loader, by default the one for x64. */
  readonly loader?: string;
  /** Further files, or other contents for those that are there. */
  readonly files?: readonly IsoInput[];
}

const LABEL = "ESXI-8.0U3B-24280767-STANDARD";
const FIRST_MODULES = ["JUMPSTRT.GZ", "USEROPTS.GZ", "FEATURES.GZ", "K.B00"];
const LAST_MODULES = ["IMGDB.TGZ", "IMGPAYLD.TGZ"];

/** The names of an installer's modules. */
export function moduleNames(count: number): string[] {
  const middle = Array.from(
    { length: count - FIRST_MODULES.length - LAST_MODULES.length },
    (_, i) => `MOD${String(i).padStart(5, "0")}.V00`,
  );
  return [...FIRST_MODULES, ...middle, ...LAST_MODULES];
}

/** A boot.cfg as 8.0U3 has it. */
export function bootCfgText(modules: readonly string[]): string {
  return [
    "bootstate=0",
    "title=Loading ESXi installer",
    "timeout=5",
    "prefix=",
    "kernel=/b.b00",
    "kernelopt=runweasel cdromBoot",
    `modules=${modules.map((name) => `/${name.toLowerCase()}`).join(" --- ")}`,
    "build=8.0.3-0.35.24280767",
    "updated=0",
    "",
  ].join("\n");
}

/** The files of an installer-shaped ISO. */
export function installerFiles(options: InstallerOptions = {}): IsoInput[] {
  const { moduleCount = 100, modulesBytes = 40_000_000, isSparse = false } = options;
  const names = moduleNames(moduleCount);
  const bootCfg = new TextEncoder().encode(options.bootCfg ?? bootCfgText(names.slice(0, 200)));
  const random = new Random(8_0_3);
  const distinctModules = options.distinctModules ?? moduleCount;
  const made = new Map<string, Uint8Array>();
  const modules = names.map((path, i) => {
    const number = i % distinctModules;
    const sizeBytes = Math.max(
      Math.floor(modulesBytes / moduleCount) + (number * 7919) % 4001 - 2000,
      100,
    );
    if (isSparse) return { path, content: sizeBytes };
    const isText = i < (options.compressibleModules ?? 0);
    const key = `${isText} ${number}`;
    const content = made.get(key) ?? (isText ? random.text(sizeBytes) : random.gzip(sizeBytes));
    made.set(key, content);
    return { path, content };
  });
  const files: IsoInput[] = [
    { path: "BOOT.CFG", content: bootCfg },
    { path: "B.B00", content: random.gzip(60_000) },
    { path: "EFI/BOOT/BOOT.CFG", content: bootCfg },
    { path: options.loader ?? "EFI/BOOT/BOOTX64.EFI", content: loader(random.text(100_000)) },
    { path: "EFI/BOOT/CRYPTO64.EFI", content: random.text(30_000) },
    { path: "EMPTY.TXT", content: new Uint8Array(0) },
    { path: "UPGRADE/METADATA.XML", content: random.text(20_000) },
    ...modules,
  ];
  const replaced = new Map(options.files?.map((file) => [file.path, file]));
  return [
    ...files.map((file) => replaced.get(file.path) ?? file),
    ...[...replaced.values()].filter(({ path }) => files.every((file) => file.path !== path)),
  ];
}

/** A program of UEFI begins with MZ (PE/COFF §2.1). */
function loader(content: Uint8Array): Uint8Array {
  content.set(new TextEncoder().encode("MZ"));
  return content;
}

/** Writes an installer-shaped ISO. */
export function writeInstallerIso(path: string, options: InstallerOptions = {}): void {
  writeIso(path, options.label ?? LABEL, installerFiles(options));
}

/** The bytes of an installer-shaped ISO, for what needs no file: less than a megabyte by default. */
export function installerIsoBytes(
  options: InstallerOptions = { moduleCount: 8, modulesBytes: 60_000 },
): Uint8Array {
  return isoBytes(options.label ?? LABEL, installerFiles(options));
}

/** Numbers that look random and are the same every time (xorshift, Marsaglia 2003). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  bytes(lengthBytes: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(lengthBytes / 4));
    let state = this.#state;
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    this.#state = state >>> 0;
    return new Uint8Array(words.buffer, 0, lengthBytes);
  }

  /** Text that compresses about as well as programs do. */
  text(lengthBytes: number): Uint8Array {
    const words = ["vmkernel ", "module ", "net-", "esx", "=0x", "\n", "driver ", "config "];
    const choice = this.bytes(Math.ceil(lengthBytes / 2));
    const encoder = new TextEncoder();
    const text = new Uint8Array(lengthBytes);
    let at = 0;
    for (let i = 0; at < lengthBytes; i++) {
      const noise = choice[i];
      const word = encoder.encode(noise! < 128 ? words[noise! & 7] : String(noise! * 31 + i));
      text.set(word.subarray(0, lengthBytes - at), at);
      at += word.length;
    }
    return text;
  }

  /** One gzip member of exactly this size: what is inside hardly compresses. */
  gzip(lengthBytes: number): Uint8Array {
    const overhead = gzipSync(new Uint8Array(0)).length;
    let content = this.bytes(Math.max(lengthBytes - overhead, 0));
    let member = gzipSync(content, { level: 1 });
    while (member.length > lengthBytes && content.length > 0) {
      content = content.subarray(0, content.length - (member.length - lengthBytes));
      member = gzipSync(content, { level: 1 });
    }
    return new Uint8Array(member);
  }
}
