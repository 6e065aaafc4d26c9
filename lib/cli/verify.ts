/**
 * `esxi-img verify IMAGE --iso ISO` or `--manifest FILE`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { argument, commonAliases, commonFlags, textFlag } from "./flags.ts";
import type { VerifyFlags } from "./run_verify.ts";

export const verifyCommand = command<VerifyFlags, [image: string]>({
  loader: async () => {
    const { runVerify } = await import("./run_verify.ts");
    return (flags, image) => runVerify(flags, image);
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("IMAGE", "An image that esxi-img wrote")] },
    aliases: commonAliases,
    flags: {
      iso: textFlag("ISO", "The ISO that the image was made from"),
      manifest: textFlag("FILE", "What build --manifest wrote: the ISO is not needed then"),
      ...commonFlags,
    },
  },
  docs: {
    brief: "Check an image against its ISO or its manifest",
    fullDescription: [
      "Checks an image against the ISO that it was made from (--iso), against what build --manifest",
      "wrote (--manifest), or both: both copies of the partition table and their checksums, the file",
      "system (both FATs, every chain, the free count), the edits of boot.cfg, and every byte of every",
      "file. Each problem is a line; the exit status is 1 if there is any.",
      "",
      "  esxi-img verify esxi.img.gz --iso esxi.iso",
      "  esxi-img verify esxi.qcow2 --manifest esxi.json     without the ISO, by SHA-256",
      "",
      "With both, the manifest and the ISO are compared with each other as well.",
    ].join("\n"),
  },
});
