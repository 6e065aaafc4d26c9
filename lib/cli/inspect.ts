/**
 * `esxi-img inspect FILE`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { argument, commonAliases, commonFlags, switchFlag, textFlag } from "./flags.ts";
import type { InspectFlags } from "./run_inspect.ts";

export const inspectCommand = command<InspectFlags, [file: string]>({
  loader: async () => {
    const { runInspect } = await import("./run_inspect.ts");
    return (flags, file) => runInspect(flags, file);
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [argument("FILE", "An ISO, an image that esxi-img wrote, or a driver")],
    },
    aliases: commonAliases,
    flags: {
      svg: textFlag("FILE", "Draw what the bytes are for, as a picture; - is standard output"),
      force: switchFlag("Replace a picture that exists"),
      ...commonFlags,
    },
  },
  docs: {
    brief: "Show what is in an ISO or an image",
    fullDescription: [
      "Shows what is in an installer ISO or in an image of any format that esxi-img writes: version,",
      "boot configuration, partitions, what the bytes are for, files. The format is recognised by",
      "content, not by name.",
      "",
      "  esxi-img inspect esxi.iso                    which ESXi is it, and what is in it?",
      "  esxi-img inspect esxi.img.gz --svg esxi.svg",
    ].join("\n"),
  },
});
