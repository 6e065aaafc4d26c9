/**
 * The commands of the Python tool of the same name, for those who have them in their scripts.
 *
 * @module
 */

import { buildCommand as command } from "@stricli/core";
import { argument, commonAliases, type CommonFlags, commonFlags, textFlag } from "./flags.ts";

interface GenImgFlags extends CommonFlags {
  readonly format?: string | undefined;
  readonly ksTemplate?: string | undefined;
  readonly esxiimg?: string | undefined;
}

/** What these commands do not ask for. As the Python tool, they never replace a file. */
const DEFAULTS = {
  force: false,
  sync: false,
  compress: false,
  verify: false,
  requireMetadata: false,
  allowEd25519: false,
  allowCommunityDrivers: false,
  allowSecureBoot: false,
  vcenterInsecure: false,
  maasPortGroup: false,
  strict: false,
  maas: true,
  isOldTemplate: true,
};

export const genImgCommand = command<GenImgFlags, [iso: string, output: string]>({
  loader: async () => {
    const { runBuild } = await import("./run_build.ts");
    const { namesFormat } = await import("../formats/formats.ts");
    return ({ format, ksTemplate, esxiimg, ...common }, iso, output) =>
      runBuild({
        ...DEFAULTS,
        ...common,
        output,
        // The Python tool writes a raw image unless it is told otherwise.
        format: format ?? (namesFormat(output) ? undefined : "raw"),
        kickstart: ksTemplate,
        payload: esxiimg,
      }, iso);
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [argument("ISO", "The ESXi installer"), argument("OUT", "The image to write")],
    },
    aliases: commonAliases,
    flags: {
      format: textFlag("FORMAT", "The image's format"),
      ksTemplate: textFlag("FILE", "A kickstart of your own"),
      esxiimg: textFlag("FILE", "A finished payload"),
      ...commonFlags,
    },
  },
  docs: { brief: "Compatible with the Python tool: build" },
});

export const ksTemplateCommand = command<CommonFlags, [file: string]>({
  loader: async () => {
    const { runKickstart } = await import("./run_parts.ts");
    return (common, output) => runKickstart({ ...DEFAULTS, ...common, output });
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("FILE", "Where to write it")] },
    aliases: commonAliases,
    flags: { ...commonFlags },
  },
  docs: { brief: "Compatible with the Python tool: kickstart" },
});

export const installerHelperCommand = command<
  CommonFlags & { readonly ksTemplate?: string | undefined },
  [file: string]
>({
  loader: async () => {
    const { runPayload } = await import("./run_parts.ts");
    return ({ ksTemplate, ...common }, output) =>
      runPayload({ ...DEFAULTS, ...common, output, kickstart: ksTemplate });
  },
  parameters: {
    positional: { kind: "tuple", parameters: [argument("FILE", "Where to write it")] },
    aliases: commonAliases,
    flags: { ksTemplate: textFlag("FILE", "A kickstart of your own"), ...commonFlags },
  },
  docs: { brief: "Compatible with the Python tool: payload" },
});
