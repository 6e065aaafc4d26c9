/**
 * `esxi-img build ISO`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import {
  argument,
  commonAliases,
  commonFlags,
  contentFlags,
  switchFlag,
  syncFlag,
  textFlag,
} from "./flags.ts";
import { formatNames } from "../formats/formats.ts";
import { parseSize } from "./sizes.ts";
import type { BuildFlags } from "./build_options.ts";

const sizeFlag = (brief: string) =>
  ({ kind: "parsed", parse: parseSize, optional: true, placeholder: "SIZE", brief }) as const;

/** What build takes, and check. */
const parameters = {
  positional: { kind: "tuple", parameters: [argument("ISO", "The ESXi installer")] },
  aliases: { o: "output", f: "format", k: "kickstart", ...commonAliases },
  flags: {
    output: textFlag(
      "PATH",
      "Where to write the image; - is standard output (default: the ISO's name here, .img.gz)",
    ),
    format: textFlag(
      "FORMAT",
      `${formatNames()} (default: by the output's suffix, else gz)`,
    ),
    ...contentFlags,
    maas: {
      kind: "boolean",
      default: true,
      brief: "Hook that MAAS's deployment runs, on the image",
    },
    free: sizeFlag("Free space on the image's partition (default: 64M)"),
    size: sizeFlag("Size of the whole disk (default: as small as it can be)"),
    label: textFlag("LABEL", "Label of the partition's file system (default: ESXI)"),
    seed: textFlag("STR", "Seed for GUIDs and salt (default: derived from all inputs)"),
    manifest: textFlag("FILE", "Write a JSON list of what went into the image"),
    isoSha256: textFlag("HEX", "Fail unless the ISO has this SHA-256"),
    batch: {
      kind: "boolean",
      optional: true,
      withNegated: false,
      brief: "An image for each hosts/NAME folder of --metadata, in the folder -o",
    },
    compress: switchFlag("Deflate what shrinks by it in qcow2; the ISO is then read twice"),
    verify: switchFlag("Read the image back and compare it with the ISO"),
    force: switchFlag("Replace an output that exists"),
    sync: syncFlag,
    ...commonFlags,
  },
} as const;

export const buildCommand = command<BuildFlags, [iso: string]>({
  loader: async () => {
    const { runBuild } = await import("./run_build.ts");
    return async (flags, iso) => {
      if (!flags.batch) await runBuild(flags, iso);
      else await (await import("./run_batch.ts")).runBatch(flags, iso);
    };
  },
  parameters,
  docs: {
    brief: "Build a disk image from an installer ISO",
    fullDescription: [
      "Builds a disk image that installs ESXi unattended. The ISO is read once, front to back;",
      "there is no temporary file. The same inputs give the same bytes.",
      "",
      "  esxi-img build esxi.iso --root-password-file pw        esxi.img.gz, for MAAS or dd",
      "  esxi-img build esxi.iso -o disk.img --ssh-key id.pub   a raw image; metadata brings the rest",
      "  esxi-img build esxi.iso -f iso --install-disk '--firstdisk=local'  a CD for virtual media",
      "  esxi-img build esxi.iso --metadata DIR --batch -o images -f qcow2  one for each DIR/hosts/NAME",
      "  esxi-img build esxi.iso -o - | ssh host 'zcat | dd of=/dev/sdX bs=4M'",
      "  esxi-img build esxi.iso -k my-ks.cfg --install-disk '--disk=mpx.vmhba0:C0:T0:L0'",
      "",
      "Without a root password the host must find one in its metadata: an OpenStack config drive, MAAS,",
      "or what --metadata embeds. If it finds none it stops before it touches a disk.",
      "Sizes are written as 64M or 2GiB (powers of 1024) or 2GB (powers of 1000).",
      "SOURCE_DATE_EPOCH sets the time of everything in the image; it is the ISO's otherwise.",
    ].join("\n"),
  },
});

export const checkCommand = command<BuildFlags, [iso: string]>({
  loader: async () => {
    const { runCheck } = await import("./run_check.ts");
    return (flags, iso) => runCheck(flags, iso);
  },
  parameters,
  docs: {
    brief: "Check what a build with the same options would refuse or warn about",
    fullDescription: [
      "Takes the options of build, reads what build would read, and tells everything that build would",
      "refuse or warn about, and what it would do. Nothing is written. The exit status is not 0 if there",
      "is an error, with --strict if there is a warning.",
      "",
      "  esxi-img check esxi.iso -k my-ks.cfg --root-password-file pw",
      "  esxi-img check esxi.iso --json | jq -r '.findings[] | .code'",
      "",
      "docs/checks.md says of each code what it means, and what to do.",
    ].join("\n"),
  },
});
