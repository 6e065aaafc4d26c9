/**
 * `esxi-img verify IMAGE --iso ISO`
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { argument, type CommonFlags, commonFlags, switchFlag } from "./flags.ts";

/** The options of verify. */
export interface VerifyFlags extends CommonFlags {
  readonly iso: string;
  readonly quiet: boolean;
  readonly json: boolean;
}

export const verifyCommand = command<VerifyFlags, [image: string]>({
  loader: async () => {
    const { runVerify } = await import("./run_verify.ts");
    return (flags, image) => runVerify(flags, image);
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("IMAGE", "An image we made")] },
    aliases: { q: "quiet" },
    flags: {
      iso: {
        kind: "parsed",
        parse: String,
        placeholder: "ISO",
        brief: "The ISO that the image was made from",
      },
      quiet: switchFlag("Say nothing unless something is wrong"),
      json: switchFlag("Print the result as JSON"),
      ...commonFlags,
    },
  },
  docs: {
    brief: "Check an image against its ISO",
    fullDescription: [
      "Checks an image against the ISO that it was made from: both copies of the partition table and",
      "their checksums, the file system (both FATs, every chain, the free count), the edits of boot.cfg,",
      "and every byte of every file. Each problem is a line; the exit status is 1 if there is any.",
    ].join("\n"),
  },
});
