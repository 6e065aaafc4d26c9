/**
 * `esxi-img inspect FILE`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { argument, commonAliases, commonFlags } from "./flags.ts";
import type { InspectFlags } from "./run_inspect.ts";

export const inspectCommand = command<InspectFlags, [file: string]>({
  loader: async () => {
    const { runInspect } = await import("./run_inspect.ts");
    return (flags, file) => runInspect(flags, file);
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("FILE", "An ISO, or an image we made")] },
    aliases: commonAliases,
    flags: commonFlags,
  },
  docs: {
    brief: "Show what is in an ISO or an image",
    fullDescription: [
      "Shows what is in an installer ISO or in an image of any format that esxi-img writes: version,",
      "boot configuration, partitions, files. The format is recognised by content, not by name.",
    ].join("\n"),
  },
});
