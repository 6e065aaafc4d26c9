/**
 * Which files of the guest's folder travel with the program.
 *
 * @module
 */

import assert from "node:assert/strict";
import { unpackTar } from "modern-tar";
import { inflateRawSync } from "node:zlib";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import {
  decodeGuestFiles,
  encodeGuestFiles,
  GUEST_FOLDER,
  readGuestFiles,
  readGuestFolder,
} from "../../lib/host/assets.ts";
import { ROOT } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, run } from "../support/programs.ts";

const TRAVEL = [
  "common/checks.py",
  "curtin/curtin-hooks",
  "curtin/esxihook/deploy.py",
  "curtin/finalize",
  "hostconf/host/run.py",
  "pre.sh",
];
const STAY = [
  ".DS_Store",
  ".hidden.py",
  "README.md",
  "common/#checks.py#",
  "common/.#checks.py",
  "common/.checks.py.swp",
  "common/checks.py.orig",
  "common/checks.py~",
  "curtin/curtin-hooks.bak",
  "curtin/curtin-hooks~",
  "hostconf/__pycache__/run.cpython-311.pyc",
  "hostconf/notes.txt",
  "hostconf/py",
];

Deno.test("guest files: what an editor or a run left stays at home", async () => {
  using folder = new Folder();
  for (const path of [...TRAVEL, ...STAY]) {
    const place = folder.file(path);
    await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(place, path);
  }
  const files = await readGuestFolder(folder.path);
  assert.deepEqual(files.map(({ path }) => path), TRAVEL);
  assert.deepEqual(files.map(({ bytes }) => new TextDecoder().decode(bytes)), TRAVEL);
});

Deno.test("guest files: line ends of Windows do not get into a payload", async () => {
  using folder = new Folder();
  folder.write("pre.sh", "#!/bin/sh\r\nprintf 'a\\r\\n'\r\n\r\nexit 0\r");
  const [file] = await readGuestFolder(folder.path);
  assert.equal(new TextDecoder().decode(file?.bytes), "#!/bin/sh\nprintf 'a\\r\\n'\n\nexit 0\r");
});

Deno.test("guest files: as they are here, nothing has to be changed", async () => {
  const files = await readGuestFolder(GUEST_FOLDER);
  assert.ok(files.length > 50);
  for (const { path, bytes } of files) {
    assert.deepEqual(bytes, await Deno.readFile(`${ROOT}lib/guest/${path}`), path);
  }
});

Deno.test("guest files: as one file they are the same", async () => {
  for (const files of [await readGuestFiles(), packGuestFiles([])]) {
    const decoded = decodeGuestFiles(encodeGuestFiles(files));
    assert.deepEqual(decoded, files);
  }
});

Deno.test("guest files: each is in the payload, on the disk, or if both need it in both", async () => {
  const files = await readGuestFolder(GUEST_FOLDER);
  const { hook, payload } = await readGuestFiles();
  const tar = new Uint8Array(inflateRawSync(payload.bytes));
  assert.equal(tar.length, payload.inflatedBytes);
  const unpacked = (await unpackTar(tar, { strict: true }))
    .filter(({ header }) => header.type === "file")
    .map(({ header, data }) => ({ path: header.name, bytes: data ?? new Uint8Array() }));
  const expected = (choose: (path: string) => boolean, folder: string) =>
    files.filter(({ path }) => choose(path))
      .map(({ path, bytes }) => ({ path: folder + path, bytes: new Uint8Array(bytes) }));
  const asPlain = (all: readonly { path: string; bytes: Uint8Array }[]) =>
    all.map(({ path, bytes }) => ({ path, bytes: new Uint8Array(bytes) }));
  assert.deepEqual(
    asPlain(unpacked),
    expected((path) => !path.startsWith("curtin/"), "esxiimg/"),
  );
  assert.deepEqual(asPlain(hook), [
    ...expected((path) => path.startsWith("curtin/"), ""),
    ...expected((path) => path.startsWith("common/"), "curtin/"),
  ]);
});

// Sources also come without their repository, in an archive.
const isRepository = await run("git", ["status"], { cwd: ROOT })
  .then(({ code }) => code === 0, () => false);

Deno.test({
  name: "guest files: git checks them out with Unix line ends anywhere" +
    (isRepository ? "" : " (skipped outside of a repository)"),
  ignore: !isRepository,
  async fn() {
    const paths = (await readGuestFolder(GUEST_FOLDER)).map(({ path }) => `lib/guest/${path}`);
    const attributes = async (names: string[], ofPaths: string[]) => {
      const { stdout } = await mustRun("git", ["check-attr", ...names, "--", ...ofPaths], {
        cwd: ROOT,
      });
      return new Set(stdout.trimEnd().split("\n").map((line) => line.replace(/^.*: (.*: )/, "$1")));
    };
    assert.deepEqual(
      await attributes(["eol"], [...paths, "Makefile", ".ci/run"]),
      new Set(["eol: lf"]),
    );
    assert.deepEqual(await attributes(["text"], ["testdata/x"]), new Set(["text: unset"]));
  },
});
