/**
 * What goes with the program, and where it is put: manual pages, completions, licences.
 *
 * @module
 */

import { routes } from "../lib/cli/app.ts";
import { listCommands, SHELLS } from "../lib/cli/definitions.ts";
import { completionFor } from "../lib/cli/run_completion.ts";
import { VERSION } from "../lib/version.ts";
import { ROOT } from "./bundle.ts";
import { manPages } from "./man.ts";
import { licencesText, type ShippedPackage } from "./packages.ts";
import { type PackedFile, textFile } from "./packed_file.ts";
import { gzip } from "./tar.ts";

/** In a line, without a full stop. */
export const BRIEF: string = routes.brief;
/** In a paragraph. */
export const DESCRIPTION: string = routes.fullDescription!.split("\n\n")[0]!.replaceAll("\n", " ");

const COMPLETIONS = {
  bash: "share/bash-completion/completions/esxi-img",
  fish: "share/fish/vendor_completions.d/esxi-img.fish",
  zsh: "share/zsh/vendor-completions/_esxi-img",
};

/** What goes with the program wherever it goes. */
export interface Documents {
  /** `man/esxi-img.1` and others. */
  readonly manPages: readonly PackedFile[];
  /** `completions/esxi-img.bash` and others. */
  readonly completions: readonly PackedFile[];
  /** README.md, LICENSE, docs/, … */
  readonly texts: readonly PackedFile[];
}

/** Makes and reads the documents. */
export async function makeDocuments(
  packages: readonly ShippedPackage[],
  timeSeconds: number,
): Promise<Documents> {
  const commands = listCommands(routes);
  const description = routes.fullDescription!;
  const pages = manPages(commands, { version: VERSION, brief: BRIEF, description, timeSeconds });
  const names = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "lib/guest/README.md",
  ];
  return {
    manPages: pages.map((page) => ({ ...page, path: `man/${page.path}` })),
    completions: SHELLS.map((shell) =>
      textFile(`completions/esxi-img.${shell}`, completionFor(shell, commands))
    ),
    texts: [
      ...await Promise.all(
        [...names, ...await listDocuments()].map(async (path) => ({
          path,
          bytes: await Deno.readFile(ROOT + path),
        })),
      ),
      textFile("LICENSES-OF-OTHERS", licencesText(packages)),
    ],
  };
}

/** What README links to and help names: texts, the pictures in them, and schemas. */
async function listDocuments(): Promise<string[]> {
  const inFolder = async (folder: string, suffix: RegExp) => {
    const entries = await Array.fromAsync(Deno.readDir(ROOT + folder));
    return entries.map(({ name }) => `${folder}/${name}`).filter((path) => suffix.test(path));
  };
  return [...await inFolder("docs", /\.(md|svg)$/), ...await inFolder("schema", /\.json$/)]
    .toSorted();
}

/** Where Debian puts all of it. */
export function debianFiles(
  executable: Uint8Array,
  { manPages, completions, texts }: Documents,
  { maintainer, timeSeconds }: { readonly maintainer: string; readonly timeSeconds: number },
): PackedFile[] {
  const doc = "usr/share/doc/esxi-img";
  const text = (path: string) =>
    new TextDecoder().decode(texts.find((file) => file.path === path)!.bytes);
  const copyright = [
    "Copyright the authors of esxi-img, under the Apache License, Version 2.0. On Debian systems its",
    "text is in /usr/share/common-licenses/Apache-2.0.",
    "",
    text("LICENSES-OF-OTHERS"),
  ].join("\n");
  const date = new Date(timeSeconds * 1000).toUTCString().replace("GMT", "+0000");
  const changelog = [
    `esxi-img (${VERSION}) stable; urgency=medium`,
    "",
    "  * See README.md and CHANGELOG.md in this folder.",
    "",
    ` -- ${maintainer}  ${date}`,
    "",
  ].join("\n");
  const overrides = [
    "# Deno holds a copy of Little CMS, and depends on nothing but glibc.",
    "esxi-img: embedded-library *",
    "",
  ].join("\n");
  const zipped = (path: string, bytes: Uint8Array) => ({ path, bytes: gzip(bytes, 9) });
  return [
    { path: "usr/bin/esxi-img", bytes: executable, mode: 0o755 },
    ...manPages.map(({ path, bytes }) =>
      zipped(`usr/share/man/man1/${path.slice("man/".length)}.gz`, bytes)
    ),
    ...SHELLS.map((shell, i) => ({
      path: `usr/${COMPLETIONS[shell]}`,
      bytes: completions[i]!.bytes,
    })),
    textFile(`${doc}/copyright`, copyright),
    ...texts.filter(({ path }) => !path.startsWith("LICENSE"))
      .map(({ path, bytes }) => ({ path: `${doc}/${path}`, bytes })),
    zipped(`${doc}/changelog.gz`, new TextEncoder().encode(changelog)),
    textFile("usr/share/lintian/overrides/esxi-img", overrides),
  ];
}
