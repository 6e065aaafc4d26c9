/**
 * `esxi-img kickstart`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { commonAliases, partFlags, textFlag } from "./flags.ts";
import type { PartFlags } from "./run_parts.ts";

export const kickstartCommand = command<PartFlags, []>({
  loader: async () => {
    const { runKickstart } = await import("./run_parts.ts");
    return (flags) => runKickstart(flags);
  },
  parameters: {
    aliases: { o: "output", k: "kickstart", ...commonAliases },
    flags: {
      output: textFlag("FILE", "Where to write it (default: standard output)"),
      ...partFlags,
    },
  },
  docs: {
    brief: "Write the kickstart that would be used",
    fullDescription: [
      "Writes the kickstart that a build with the same options would use, complete. Change it and pass",
      "it to build with -k: what was put in by this command is then not put in again.",
      "",
      "  esxi-img kickstart --root-password-file pw -o ks.cfg",
      "  esxi-img build esxi.iso -k ks.cfg --root-password-file pw",
    ].join("\n"),
  },
});
