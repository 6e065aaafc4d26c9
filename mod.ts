/**
 * esxi-img as a library: an ESXi installer ISO becomes an image that installs ESXi unattended, in
 * any of the formats, and images are opened, inspected and verified.
 *
 * An ISO and an image are a {@linkcode Source}: a size, and a function that fills a buffer.
 * {@linkcode FileSource} is one for a file, {@linkcode bytesSource} one for bytes in memory. An image
 * is written to a {@linkcode Sink}, front to back. {@linkcode planImage} reads directories and
 * boot.cfg alone; {@linkcode encodeImage} reads the ISO once. Conditions that a user can do something
 * about are thrown as a {@linkcode Failure}.
 *
 * Nothing here touches files, clock or chance but {@linkcode FileSource}, and the two functions that
 * load what travels with the program, {@linkcode readFatfsWasm} and {@linkcode readGuestFiles}.
 * Whoever keeps those bytes elsewhere passes them in by themselves.
 *
 * The examples use an ISO in the shape of VMware's, from the tests. With an ISO of your own, it is
 * `using iso = FileSource.open("VMware-VMvisor-Installer.iso")`.
 *
 * @example Plan and encode an image, from bytes in memory
 * ```ts
 * import assert from "node:assert/strict";
 * import * as esxiImg from "esxi-img";
 * import { installerIsoBytes } from "./tests/support/installer_iso.ts";
 *
 * const plan = await esxiImg.planImage(esxiImg.bytesSource("esxi.iso", installerIsoBytes()), {
 *   fatfsWasm: await esxiImg.readFatfsWasm(),
 *   guestFiles: await esxiImg.readGuestFiles(),
 *   rootPassword: "VMware1!",
 *   label: "ESXI",
 *   freeBytes: 0,
 * });
 * assert.equal(plan.installer.version, "8.0.3");
 * assert.ok(plan.files.some(({ path }) => path === "esxiimg.tgz"));
 *
 * const image = new esxiImg.MemorySink();
 * await esxiImg.encodeImage(plan, image, { format: "qcow2" });
 * assert.ok(image.sizeBytes < plan.disk.map.sizeBytes, "free space takes no space");
 * ```
 *
 * @example Open and inspect an image
 * ```ts
 * import assert from "node:assert/strict";
 * import * as esxiImg from "esxi-img";
 * import { installerIsoBytes } from "./tests/support/installer_iso.ts";
 *
 * const plan = await esxiImg.planImage(esxiImg.bytesSource("esxi.iso", installerIsoBytes()), {
 *   fatfsWasm: await esxiImg.readFatfsWasm(),
 *   guestFiles: await esxiImg.readGuestFiles(),
 *   label: "ESXI",
 *   freeBytes: 0,
 * });
 * const sink = new esxiImg.MemorySink();
 * await esxiImg.encodeImage(plan, sink, { format: "vmdk" });
 * const file = sink.toSource("esxi.vmdk");
 *
 * // What is in a file decides, not its name.
 * const image = await esxiImg.openImage(file);
 * assert.equal(image.format, "vmdk (streamOptimized)");
 * assert.equal(image.disk.sizeBytes, plan.disk.map.sizeBytes);
 *
 * const inspection = await esxiImg.inspect(file);
 * assert.equal(inspection.fileSystem.label, "ESXI");
 * assert.equal(inspection.diskGuid, esxiImg.formatGuid(plan.diskGuid));
 * assert.ok("version" in inspection.installer && inspection.installer.version === "8.0.3");
 * ```
 *
 * @example Verify an image against its ISO
 * ```ts
 * import assert from "node:assert/strict";
 * import * as esxiImg from "esxi-img";
 * import { installerIsoBytes } from "./tests/support/installer_iso.ts";
 *
 * const iso = esxiImg.bytesSource("esxi.iso", installerIsoBytes());
 * const plan = await esxiImg.planImage(iso, {
 *   fatfsWasm: await esxiImg.readFatfsWasm(),
 *   guestFiles: await esxiImg.readGuestFiles(),
 *   label: "ESXI",
 *   freeBytes: 0,
 * });
 * const sink = new esxiImg.MemorySink();
 * await esxiImg.encodeImage(plan, sink, { format: "gz" });
 *
 * const { disk } = await esxiImg.openImage(sink.toSource("esxi.img.gz"));
 * const report = await esxiImg.verifyImage(disk, iso);
 * assert.deepEqual(report.problems, []);
 * assert.ok(report.comparedFiles > 10);
 *
 * // Another installer's image is not right.
 * const changed = installerIsoBytes({ moduleCount: 9, modulesBytes: 60_000 });
 * const other = esxiImg.bytesSource("other.iso", changed);
 * const again = await esxiImg.openImage(sink.toSource("esxi.img.gz"));
 * assert.notDeepEqual((await esxiImg.verifyImage(again.disk, other)).problems, []);
 * ```
 *
 * @module
 */

// From ISO to image.
export { planImage, planIso, planNetboot } from "./lib/build.ts";
export { encodeImage } from "./lib/encode.ts";
export { formatFor, FORMATS } from "./lib/formats/formats.ts";
export { VERSION } from "./lib/version.ts";
export type {
  ImageOptions,
  ImagePlan,
  IsoOptions,
  IsoPlan,
  MediumPlan,
  NetbootOptions,
  NetbootPlan,
} from "./lib/build.ts";
export type { BytesFile, NewFile, SourceFile } from "./lib/blocks/new_file.ts";
export { openDriver } from "./lib/esxi/drivers/open.ts";
export type { Driver, ModuleDriver, OpenedFile, VibDriver } from "./lib/esxi/drivers/open.ts";
export type { Vib, VibPayload } from "./lib/esxi/drivers/vib.ts";
export type {
  AcceptanceLevel,
  PayloadDescriptor,
  Platform,
  VibDescriptor,
} from "./lib/esxi/drivers/descriptor.ts";
export type { DriverOptions, NamedModule } from "./lib/esxi/drivers/medium.ts";
export type { ContentOptions, InstallerContent } from "./lib/esxi/content.ts";
export type { PayloadOptions, PayloadSwitches } from "./lib/esxi/make_payload.ts";
export type { ImageEncodeOptions } from "./lib/encode.ts";
export type { Format, FormatOptions } from "./lib/formats/format.ts";
export type { Deflater } from "./lib/formats/deflate/deflater.ts";
export type { DeflatedUnits, UnitStyle } from "./lib/formats/deflate/units.ts";
export type { DeflatedPart } from "./lib/formats/deflate/portable.ts";
export type { GuestFiles } from "./lib/esxi/guest_files.ts";
export type { PayloadFile } from "./lib/esxi/payload.ts";

// From image to what is in it.
export { openImage } from "./lib/formats/formats.ts";
export { inspect } from "./lib/image/inspect.ts";
export { verifyImage } from "./lib/image/verify.ts";
export type { OpenImage } from "./lib/formats/format.ts";
export type { InspectedDriver } from "./lib/image/drivers.ts";
export type { PciClaim } from "./lib/esxi/drivers/pci_scan.ts";
export type { InspectedPartition, Inspection } from "./lib/image/inspection.ts";
export type { VerifyReport } from "./lib/image/verify_tree.ts";

// What bytes are read from and written to.
export { bytesSource } from "./lib/blocks/extent.ts";
export { MemorySink } from "./lib/blocks/memory_sink.ts";
export { readFatfsWasm, readGuestFiles } from "./lib/host/assets.ts";
export { FileSource } from "./lib/host/files.ts";
export type { Source } from "./lib/blocks/extent.ts";
export type { EncodeOptions, Sink } from "./lib/blocks/sink.ts";

// What a plan consists of.
export type { BlockMap } from "./lib/blocks/block_map.ts";
export type { BytesExtent, Extent, PlacedExtent, SourceExtent } from "./lib/blocks/extent.ts";
export { joinFiles, packTar } from "./lib/netboot/pack.ts";
export type {
  ContentFile,
  ContentTree,
  FilePart,
  FileTree,
  TreeFile,
} from "./lib/blocks/file_tree.ts";
export { formatGuid, type Guid } from "./lib/blocks/guid.ts";
export type { DiskLayout } from "./lib/disk/layout.ts";
export type { BootCfg, BootModule } from "./lib/esxi/boot_cfg.ts";
export type { Architecture, BootCfgFile, Installer } from "./lib/esxi/installer.ts";
export type { NameSource } from "./lib/iso/records.ts";
export type { IsoVolume } from "./lib/iso/volume.ts";

// What goes wrong.
export { Failure, type FailureCode } from "./lib/blocks/failure.ts";
