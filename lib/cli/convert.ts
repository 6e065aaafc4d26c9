/**
 * `esxi-img convert IMAGE -o OUT`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { formatNames } from "../formats/formats.ts";
import { argument, commonAliases, commonFlags, switchFlag, syncFlag, textFlag } from "./flags.ts";
import type { ConvertFlags } from "./run_convert.ts";

export const convertCommand = command<ConvertFlags, [image: string]>({
  loader: async () => {
    const { runConvert } = await import("./run_convert.ts");
    return (flags, image) => runConvert(flags, image);
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("IMAGE", "An image that esxi-img wrote")] },
    aliases: { o: "output", f: "format", ...commonAliases },
    flags: {
      output: {
        kind: "parsed",
        parse: String,
        placeholder: "PATH",
        brief: "Where to write the image; - is standard output",
      },
      format: textFlag("FORMAT", `${formatNames("disk")} (default: by the output's suffix)`),
      compress: switchFlag("Deflate what shrinks by it in qcow2; the image is then read twice"),
      force: switchFlag("Replace an output that exists"),
      sync: syncFlag,
      ...commonFlags,
    },
  },
  docs: {
    brief: "Write the same disk in another format",
    fullDescription: [
      "Writes the disk of an image in another format. The image's own format is recognised by content.",
      "What its file system does not use is left out.",
      "",
      "  esxi-img convert esxi.img.gz -o esxi.qcow2",
      "  esxi-img convert esxi.qcow2 -f gz -o - | ssh host 'zcat | dd of=/dev/sdX bs=4M'",
    ].join("\n"),
  },
});
