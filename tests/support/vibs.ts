/** VIBs and bundles as their makers publish them, made for a test. */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { packOldGnuTar } from "../../lib/esxi/tar.ts";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { mustRun, pathOf } from "./programs.ts";

/** What a VIB is to be; all but the name has a value of its own. */
export interface VibPlan {
  readonly name: string;
  readonly version?: string;
  readonly level?: string;
  /** Bytes of sig.pkcs7; none is an unsigned VIB. */
  readonly signature?: string;
  readonly depends?: readonly string[];
  readonly replaces?: readonly string[];
  /** Elements below system-requires. */
  readonly requires?: string;
  readonly type?: string;
  /** Of the payload; by default that of the name. */
  readonly payload?: string;
  readonly machine?: number;
  readonly files?: readonly string[];
  readonly overlay?: boolean;
  /** Whether the payload has the checksum that ESXi 8 asks for. */
  readonly hasUnpackedSha256?: boolean;
  /** Changes the descriptor. */
  readonly edit?: (xml: string) => string;
  /** Lines of the map of its devices. */
  readonly map?: string;
  /** More bytes for the module, so that it has some size. */
  readonly fillBytes?: number;
}

/** The boot module in a VIB: a gzipped tar with a program for the kernel. */
export function makeDriverModule({ name, machine = 62, fillBytes = 0, map }: VibPlan): Uint8Array {
  const elf = new Uint8Array(64 + fillBytes);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.set([machine % 256, machine >> 8], 18);
  for (let i = 64, x = 1; i < elf.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
    elf[i] = x >> 16;
  }
  const path = `usr/lib/vmware/vmkmod/${name}`;
  const folders = ["usr/", "usr/lib/", "usr/lib/vmware/", "usr/lib/vmware/vmkmod/"];
  const tar = packOldGnuTar(
    [
      ...folders.map((path) => ({ path })),
      { path, bytes: elf },
      ...map === undefined ? [] : [
        { path: "etc/vmware/default.map.d/" },
        { path: `etc/vmware/default.map.d/${name}.map`, bytes: encode(map) },
      ],
    ],
    1_700_000_000,
  );
  return new Uint8Array(gzipSync(tar));
}

/** A descriptor for it. */
export function describeVib(plan: VibPlan, module = makeDriverModule(plan)): string {
  const { name, version = "1.0.1-1OEM.700.1.0.15843807", type = "vgz", payload = name } = plan;
  const unpacked = sha256(gunzipSync(module));
  const gunzipSum = plan.hasUnpackedSha256 === false
    ? ""
    : `<checksum checksum-type="sha-256" verify-process="gunzip">${unpacked}</checksum>`;
  const related = (names: readonly string[] = []) =>
    names.map((name) => `<constraint name="${name}"/>`).join("");
  const files = (plan.files ?? [`usr/lib/vmware/vmkmod/${name}`])
    .map((file) => `<file>${file}</file>`).join("");
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<vib version="5.0"><type>bootbank</type><name>${name}</name><version>${version}</version>
  <vendor>ACME</vendor><summary>Driver &amp; tests</summary>
  <relationships><depends>${related(plan.depends)}</depends><conflicts/>
    <replaces>${related(plan.replaces)}</replaces></relationships>
  <system-requires><maintenance-mode>true</maintenance-mode>${plan.requires ?? ""}</system-requires>
  <file-list>${files}</file-list>
  <acceptance-level>${plan.level ?? "partner"}</acceptance-level>
  <live-install-allowed>false</live-install-allowed><overlay>${plan.overlay ?? false}</overlay>
  <payloads><payload name="${payload}" type="${type}" size="${module.length}">
    <checksum checksum-type="sha-256">${sha256(module)}</checksum>${gunzipSum}
  </payload></payloads>
</vib>
`;
  return plan.edit?.(xml) ?? xml;
}

/**
 * An installer's image database, which lists VIBs by their descriptors.
 *
 * @param modules Files by the IDs of the VIBs whose payloads they are.
 */
export function makeImageDatabase(
  descriptors: readonly string[],
  modules: Readonly<Record<string, string>> = {},
): Uint8Array {
  const files = descriptors.map((text, i) => ({
    path: `var/db/esximg/vibs/vib-${i}.xml`,
    bytes: encode(text),
  }));
  const vibs = Object.entries(modules).map(([id, file]) =>
    `<vib><vib-id>${id}</vib-id><payloads><payload payload-name="x">${file}</payload></payloads></vib>`
  );
  const profile = `<imageprofile><viblist>${vibs.join("\n")}</viblist></imageprofile>`;
  const other = { path: "var/db/esximg/profiles/ESXi", bytes: encode(profile) };
  return new Uint8Array(gzipSync(packOldGnuTar([...files, other], 1_700_000_000)));
}

/** A VIB. */
export function makeVib(plan: VibPlan): Uint8Array {
  const module = makeDriverModule(plan);
  return packAr([
    ["descriptor.xml", encode(describeVib(plan, module))],
    ["sig.pkcs7", encode(plan.signature ?? "signature")],
    [plan.payload ?? plan.name, module],
  ]);
}

/** An archive of ar, with plain names or as another builder writes them. */
export function packAr(
  members: readonly (readonly [name: string, bytes: Uint8Array])[],
  nameOf: (name: string) => string = (name) => name,
): Uint8Array {
  const parts = [encode("!<arch>\n")];
  for (const [name, bytes] of members) {
    const fields = [
      nameOf(name).padEnd(16),
      "0".padEnd(12),
      "0".padEnd(6),
      "0".padEnd(6),
      "100644".padEnd(8),
    ];
    parts.push(encode(fields.join("") + String(bytes.length).padEnd(10) + "`\n"), bytes);
    if (bytes.length % 2 === 1) parts.push(encode("\n"));
  }
  return concat(parts);
}

/** A zip, by Python's own module; where there is no Python, by the library that also reads it. */
export async function makeZip(
  files: readonly (readonly [path: string, bytes: Uint8Array])[],
  method: "stored" | "deflated" = "deflated",
): Promise<Uint8Array> {
  if (pathOf("python3") === undefined) {
    const level = method === "stored" ? 0 : 6;
    const zip = new ZipWriter(new Uint8ArrayWriter(), { level, useWebWorkers: false });
    for (const [path, bytes] of files) await zip.add(path, new Uint8ArrayReader(bytes));
    return await zip.close();
  }
  const folder = await Deno.makeTempDir({ prefix: "esxi-img-test-zip-" });
  try {
    for (const [i, [, bytes]] of files.entries()) await Deno.writeFile(`${folder}/${i}`, bytes);
    const script = "import sys, zipfile\n" +
      "z = zipfile.ZipFile(sys.argv[1] + '/zip', 'w', getattr(zipfile, 'ZIP_' + sys.argv[2]))\n" +
      "for i, name in enumerate(sys.argv[3:]): z.write('%s/%d' % (sys.argv[1], i), name)\n" +
      "z.close()\n";
    const names = files.map(([path]) => path);
    await mustRun("python3", ["-c", script, folder, method.toUpperCase(), ...names]);
    return await Deno.readFile(`${folder}/zip`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** An offline bundle. */
export async function makeBundle(
  vibs: readonly (readonly [name: string, vib: Uint8Array])[],
  { version = "", productLine = "embeddedEsx", method = "deflated" }: {
    readonly version?: string;
    readonly productLine?: string;
    readonly method?: "stored" | "deflated";
  } = {},
): Promise<Uint8Array> {
  const platform = `<softwarePlatform productLineID="${productLine}" version="${version}"/>`;
  const metadata = await makeZip([
    ["vmware.xml", encode(`<metadataResponse>${platform}</metadataResponse>`)],
  ]);
  return await makeZip([
    ["index.xml", encode("<vendorList/>")],
    ["vendor-index.xml", encode("<metaList/>")],
    ["metadata.zip", metadata],
    ...vibs.map(([name, vib]) => [`vib20/${name}/ACME_${name}.vib`, vib] as const),
  ], method);
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
