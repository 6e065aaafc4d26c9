/**
 * `esxi-img netboot ISO -o DIR`
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
import type { NetbootFlags } from "./run_netboot.ts";

export const netbootCommand = command<NetbootFlags, [iso: string]>({
  loader: async () => {
    const { runNetboot } = await import("./run_netboot.ts");
    return (flags, iso) => runNetboot(flags, iso);
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("ISO", "The ESXi installer")] },
    aliases: { o: "output", k: "kickstart", ...commonAliases },
    flags: {
      output: {
        kind: "parsed",
        parse: String,
        placeholder: "DIR",
        brief: "The folder to make; - is a tar archive on standard output",
      },
      prefix: textFlag(
        "PATH",
        "Where the server has the folder: a path or a URL (default: beside boot.cfg)",
      ),
      ...contentFlags,
      seed: textFlag("STR", "What the password's salt derives from (default: all inputs)"),
      force: switchFlag("Replace a folder that this command made before"),
      sync: syncFlag,
      ...commonFlags,
    },
  },
  docs: {
    brief: "Make a folder that machines boot from over the network",
    fullDescription: [
      "Makes a folder for TFTP, iPXE and UEFI HTTP boot: every file of the ISO, its names in lower case,",
      "the boot loader as mboot.efi, boot.cfg edited so that ESXi is installed unattended, and a README",
      "that says how to serve it. The folder gets its name when it is complete.",
      "",
      "  esxi-img netboot esxi.iso -o /srv/tftp/esxi --ssh-key id.pub --install-disk '--firstdisk=local'",
      "  esxi-img netboot esxi.iso -o - --prefix http://192.0.2.1/esxi --install-disk '--firstdisk' | tar x",
      "",
      "No disk holds this image, so --install-disk or the kickstart has to choose the one to install on.",
      "Whoever can reach the server can read what is served: also the hash of the password.",
    ].join("\n"),
  },
});
