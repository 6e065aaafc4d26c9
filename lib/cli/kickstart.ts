/**
 * `esxi-img kickstart`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { type CommonFlags, commonFlags, switchFlag, textFlag } from "./flags.ts";
import type { PayloadFlags } from "./payload_options.ts";

/** The options of kickstart and payload. */
export interface PartFlags extends CommonFlags, PayloadFlags {
  readonly output?: string;
  readonly force: boolean;
}

/** Options of what goes into a payload. */
export const partFlags = {
  force: switchFlag("Replace an output that exists"),
  kickstart: textFlag("FILE", "A kickstart of your own, used byte for byte"),
  metadata: textFlag("DIR", "Folder with meta_data.json, network_data.json, … to embed"),
  rootPasswordFile: textFlag(
    "FILE",
    "File with root's password or its crypt hash; - is standard input",
  ),
  sshKey: textFlag("FILE", "File with public keys for root"),
  installDisk: textFlag(
    "ARGS",
    "Arguments of the kickstart's install (default: --firstdisk --overwritevmfs)",
  ),
  ...commonFlags,
} as const;

export const kickstartCommand = command<PartFlags, []>({
  loader: async () => {
    const { runKickstart } = await import("./run_parts.ts");
    return (flags) => runKickstart(flags);
  },
  parameters: {
    aliases: { o: "output", k: "kickstart" },
    flags: {
      output: textFlag("FILE", "Where to write it (default: standard output)"),
      ...partFlags,
    },
  },
  docs: {
    brief: "Write the kickstart that would be used",
    fullDescription: [
      "Writes the kickstart that a build with the same options would use, complete. Change it and pass",
      "it to build with -k.",
    ].join("\n"),
  },
});
