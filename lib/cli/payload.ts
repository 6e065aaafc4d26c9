/**
 * `esxi-img payload`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { commonAliases, partFlags, textFlag } from "./flags.ts";
import type { PartFlags } from "./run_parts.ts";

export const payloadCommand = command<PartFlags, []>({
  loader: async () => {
    const { runPayload } = await import("./run_parts.ts");
    return (flags) => runPayload(flags);
  },
  parameters: {
    aliases: { o: "output", k: "kickstart", ...commonAliases },
    flags: {
      output: textFlag("FILE", "Where to write it; - is standard output (default: esxiimg.tgz)"),
      ...partFlags,
    },
  },
  docs: {
    brief: "Write the payload, a boot module with kickstart and guest code",
    fullDescription: [
      "Writes esxiimg.tgz: the boot module that holds the kickstart and the code that configures the",
      "host. It can be tried on a laptop:",
      "",
      "  tar xzf esxiimg.tgz",
      "  PYTHONPATH=esxiimg python3 -m hostconf plan --metadata DIR --nics FILE",
    ].join("\n"),
  },
});
