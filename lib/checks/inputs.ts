/**
 * What is checked: the inputs as they were read, before anything was made of them.
 *
 * @module
 */

import type { VibDescriptor } from "../esxi/drivers/descriptor.ts";
import type { Driver } from "../esxi/drivers/open.ts";
import type { Architecture } from "../esxi/installer.ts";
import type { PayloadSwitches } from "../esxi/make_payload.ts";

/** A file that an option names. */
export interface InputFile {
  /** As it was given. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Enough to tell what a file is: an ISO has its mark behind 16 sectors. */
export const MODULE_HEAD_BYTES = 17 * 2048;

/** A file of the metadata that is embedded. */
export interface MetadataFile extends InputFile {
  /** Its name in the payload. */
  readonly name: string;
}

/** Options of a build that name no file. */
export interface BuildSwitches {
  /** The name of the format that is written. */
  readonly format: string;
  readonly compress: boolean;
  /** Whether MAAS's hook goes onto the disk. */
  readonly maas: boolean;
  readonly hasKernelOptions: boolean;
}

/** The inputs of a build, or of a part of one. */
export interface Inputs extends PayloadSwitches {
  readonly kickstart?: InputFile | undefined;
  readonly rootPassword?: InputFile | undefined;
  readonly sshKeys?: InputFile | undefined;
  /** Whether metadata is embedded. */
  readonly metadata?: readonly MetadataFile[] | undefined;
  /** Whether the payload was made before. */
  readonly hasPayload?: boolean | undefined;
  /** The beginnings of the boot modules to add: {@linkcode MODULE_HEAD_BYTES}. */
  readonly modules?: readonly InputFile[] | undefined;
  /** Drivers to add. */
  readonly drivers?: readonly Driver[] | undefined;
  /** Whether hosts may take drivers that nobody vouches for. */
  readonly allowCommunityDrivers?: boolean | undefined;
  /** Options of build that may have no effect together. */
  readonly options?: BuildSwitches | undefined;
  /** What is built, unless it is an image of a disk. */
  readonly medium?: "iso" | "net" | undefined;
  /** The size of what is built, where it is known. */
  readonly mediumBytes?: number | undefined;
  /** CA certificates to check a vCenter by. */
  readonly vcenterCa?: InputFile | undefined;
  /** The installer's release, as in `8.0.3`, where it is known. */
  readonly version?: string | undefined;
  /** What the installer runs on, where it is known. */
  readonly architecture?: Architecture | undefined;
  /** The VIBs that the installer brings by itself, where that is known. */
  readonly shippedVibs?: readonly VibDescriptor[] | undefined;
  /** Paths of the modules that the installer's boot.cfg names, where that is known. */
  readonly bootModules?: readonly string[] | undefined;
  /** The size of what a boot bank gets of the installer, where it is known. */
  readonly bankBytes?: number | undefined;
}
