/**
 * Makes a release: every file, for every target that can be had.
 *
 * @module
 */

import { VERSION } from "../lib/version.ts";
import { makeBundle } from "./bundle.ts";
import { compileArguments } from "./compile.ts";
import { containerLibraries } from "./container.ts";
import { packDeb } from "./deb.ts";
import { readNeeds } from "./elf.ts";
import { BRIEF, debianFiles, DESCRIPTION, type Documents, makeDocuments } from "./installed.ts";
import { DENO_VERSION, packNpm } from "./npm.ts";
import { packOci } from "./oci.ts";
import { ReleaseFolder } from "./output.ts";
import { readPackages } from "./packages.ts";
import { compileFor } from "./runtime.ts";
import { sbom } from "./sbom.ts";
import { gzip, packFiles } from "./tar.ts";
import { executableSuffix, type Target } from "./targets.ts";
import { packZip } from "./zip.ts";

/** What to make. */
export interface ReleaseOptions {
  readonly targets: readonly Target[];
  /** A folder that exists. */
  readonly folder: string;
  /** Without what is the same for all targets. */
  readonly isCommonLeftOut?: boolean;
  /** Runtimes for `deno compile`, by the names of targets. */
  readonly runtimes: ReadonlyMap<string, string>;
  /** Executables that need not be compiled, by the names of targets. */
  readonly executables: ReadonlyMap<string, string>;
  /** The time stamp of everything, in seconds since 1970. */
  readonly timeSeconds: number;
  readonly commit?: string | undefined;
  /** Where the project is, `https://…`. */
  readonly repository?: string | undefined;
  /** Who makes the Debian package, `NAME <ADDRESS>`. */
  readonly maintainer: string;
  /** Is told what is being made. */
  readonly say: (line: string) => void;
}

/** Makes a release. What cannot be made here is noted in its manifest. */
export async function makeRelease(options: ReleaseOptions): Promise<ReleaseFolder> {
  const { targets, timeSeconds, commit, say } = options;
  const folder = new ReleaseFolder(options.folder);
  const packages = await readPackages(await makeBundle());
  const documents = await makeDocuments(packages, timeSeconds);
  const denoVersions = new Set([DENO_VERSION]);
  for (const target of targets) {
    say(target.name);
    const runtime = await makeTarget(folder, target, documents, options);
    if (runtime !== undefined) denoVersions.add(runtime);
  }
  if (options.isCommonLeftOut !== true) {
    say("what is the same for all");
    await makeCommon(folder, documents, options);
    const bill = sbom(packages, {
      version: VERSION,
      description: BRIEF,
      denoVersions: [...denoVersions].toSorted(),
      timeSeconds,
    });
    const bytes = new TextEncoder().encode(bill);
    await folder.add(`esxi-img-${VERSION}.cdx.json`, "bill-of-materials", bytes);
  }
  const facts = { version: VERSION, sourceDateEpoch: timeSeconds };
  await folder.finish(commit === undefined ? facts : { ...facts, commit });
  return folder;
}

/** Makes what is the same for all targets. */
async function makeCommon(
  folder: ReleaseFolder,
  { manPages, completions, texts }: Documents,
  { timeSeconds, repository }: ReleaseOptions,
): Promise<void> {
  const all = [...manPages, ...completions, ...texts];
  const options = { version: VERSION, description: BRIEF, repository, timeSeconds };
  await folder.add(`esxi-img-${VERSION}.tgz`, "npm-package", await packNpm(all, options));
  const files = [...manPages, ...completions].map((file) => under(`esxi-img-${VERSION}`, file));
  const tar = gzip(await packFiles(files, { timeSeconds }));
  await folder.add(`esxi-img-${VERSION}-man-completions.tar.gz`, "documents", tar);
}

/** Makes what is for one target, and tells the version of its runtime. */
async function makeTarget(
  folder: ReleaseFolder,
  target: Target,
  documents: Documents,
  options: ReleaseOptions,
): Promise<string | undefined> {
  const name = `esxi-img-${VERSION}-${target.name}`;
  const suffix = executableSuffix(target);
  const made = options.executables.get(target.name);
  const path = made ?? `${folder.path}/${name}${suffix}`;
  let runtime: string | undefined;
  try {
    const args = compileArguments(path, target.triple);
    const given = options.runtimes.get(target.name);
    runtime = made === undefined ? await compileFor(target, args, given) : undefined;
  } catch (error) {
    folder.miss("executable", target.name, (error as Error).message);
    return undefined;
  }
  const { timeSeconds, maintainer, repository } = options;
  const executable = await Deno.readFile(path);
  const add = folder.add.bind(folder);
  await add(`${name}${suffix}`, "executable", executable, target.name, 0o755);

  const files = [
    { path: `esxi-img${suffix}`, bytes: executable, mode: 0o755 },
    ...documents.manPages,
    ...documents.completions,
    ...documents.texts,
  ].map((file) => under(name, file));
  if (suffix === ".exe") {
    await add(`${name}.zip`, "archive", packZip(files, timeSeconds), target.name);
  } else {
    const archive = gzip(await packFiles(files, { timeSeconds }));
    await add(`${name}.tar.gz`, "archive", archive, target.name);
  }
  if (target.linux === undefined) return runtime;

  const architecture = target.linux;
  const deb = await packDeb(debianFiles(executable, documents, { maintainer, timeSeconds }), {
    name: "esxi-img",
    version: VERSION,
    architecture,
    maintainer,
    depends: `libc6 (>= ${readNeeds(executable).glibc}), libgcc-s1`,
    brief: BRIEF[0]!.toLowerCase() + BRIEF.slice(1),
    description: DESCRIPTION,
    homepage: repository,
    timeSeconds,
  });
  await add(`esxi-img_${VERSION}_${architecture}.deb`, "debian-package", deb, target.name);
  try {
    const licences = documents.texts.filter(({ path }) => path.startsWith("LICENSE"));
    const image = await packOci([
      { path: "usr/bin/esxi-img", bytes: executable, mode: 0o755 },
      ...licences.map((file) => under("usr/share/doc/esxi-img", file)),
      ...await containerLibraries(executable, architecture),
    ], {
      name: "esxi-img",
      version: VERSION,
      architecture,
      entrypoint: ["/usr/bin/esxi-img"],
      workingDir: "/work",
      labels: {
        title: "esxi-img",
        description: BRIEF,
        licenses: "Apache-2.0",
        ...(repository === undefined ? {} : { source: repository }),
      },
      timeSeconds,
    });
    await add(`${name}.oci.tar`, "container-image", image, target.name);
  } catch (error) {
    folder.miss("container-image", target.name, (error as Error).message);
  }
  return runtime;
}

function under<T extends { readonly path: string }>(folder: string, file: T): T {
  return { ...file, path: `${folder}/${file.path}` };
}
