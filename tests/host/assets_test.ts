/**
 * Which files of the guest's folder travel with the program.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readGuestFiles } from "../../lib/host/assets.ts";
import { Folder } from "../support/folder.ts";

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
  const files = await readGuestFiles(folder.path);
  assert.deepEqual(files.map(({ path }) => path), TRAVEL);
  assert.deepEqual(files.map(({ bytes }) => new TextDecoder().decode(bytes)), TRAVEL);
});
