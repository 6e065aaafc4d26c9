/**
 * Inputs and folders that change while a build is at work.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { assertRefused, type Refusal } from "../support/refusals.ts";
import { startAndStop, writeSlowIso } from "../support/slow_build.ts";

/** Disturbs a build in its middle. */
interface Disturbance extends Omit<Refusal, "names"> {
  readonly title: string;
  readonly disturb: (iso: string, folder: string) => Promise<void>;
  /** What the failure is about. */
  readonly about: "the ISO" | "the output";
}

const CASES: readonly Disturbance[] = [
  {
    title: "the ISO is truncated",
    disturb: (iso) => Deno.truncate(iso, 20_000_000),
    about: "the ISO",
    says: /it ends \d+ bytes too early: was it changed while it was read\?/,
    advises: /^run again when nothing writes to it$/,
  },
  {
    title: "the ISO is written to",
    disturb: async (iso) => {
      using file = await Deno.open(iso, { write: true });
      await file.seek(1_000_000, Deno.SeekMode.Start);
      await file.write(new TextEncoder().encode("changed"));
    },
    about: "the ISO",
    says: /it was changed while it was read/,
    advises: /^run again when nothing writes to it$/,
  },
  {
    title: "the ISO is emptied",
    disturb: (iso) => Deno.truncate(iso, 0),
    about: "the ISO",
    says: /it ends \d+ bytes too early: was it changed while it was read\?/,
    advises: /^run again when nothing writes to it$/,
  },
  {
    title: "the output's folder is removed",
    disturb: (_iso, folder) => Deno.remove(folder, { recursive: true }),
    about: "the output",
    says: /cannot write: no such file or folder/,
    advises: /^check the path$/,
  },
  {
    title: "the partial file is removed",
    disturb: async (_iso, folder) => {
      for await (const { name } of Deno.readDir(folder)) await Deno.remove(`${folder}/${name}`);
    },
    about: "the output",
    says: /cannot write: no such file or folder/,
    advises: /^check the path$/,
  },
  {
    title: "something else takes the output's name",
    disturb: (_iso, folder) => Deno.mkdir(`${folder}/out.img.gz`),
    about: "the output",
    says: /another program made the file meanwhile/,
    advises: /^pass --force to replace it, or another name$/,
  },
];

for (const { title, disturb, about, ...refusal } of CASES) {
  Deno.test(`${title} while an image is built`, async () => {
    using folder = new Folder();
    using place = new Folder();
    const iso = folder.file("in.iso");
    writeSlowIso(iso);
    const output = place.file("out.img.gz");
    const build = ["build", iso, "-o", output];
    await using running = await startAndStop(build, place, "out.img.gz", 1_000_000, folder.path);
    await disturb(iso, place.path);
    running.signal("SIGCONT");
    const names = about === "the ISO" ? iso : output;
    assertRefused(await running.outcome, { ...refusal, names });
    await Deno.mkdir(place.path, { recursive: true });
    for (const name of place.names()) {
      assert.ok((await Deno.stat(place.file(name))).isDirectory, `${name} is no file of ours`);
    }
  });
}

Deno.test("the ISO is removed while an image is built: what is open can still be read", async () => {
  using folder = new Folder();
  using place = new Folder();
  const iso = folder.file("in.iso");
  writeSlowIso(iso);
  const build = ["build", iso, "-o", "out.img.gz", "--verify"];
  await using running = await startAndStop(build, place, "out.img.gz", 1_000_000);
  await Deno.remove(iso);
  running.signal("SIGCONT");
  const { code, stderr } = await running.outcome;
  assert.equal(code, 0, stderr);
  assert.deepEqual(place.names(), ["out.img.gz"]);
});

Deno.test("the current folder is removed while an image is built", async () => {
  using folder = new Folder();
  using place = new Folder();
  writeSlowIso(folder.file("in.iso"));
  const build = ["build", folder.file("in.iso"), "-o", "out.img.gz"];
  await using running = await startAndStop(build, place, "out.img.gz", 0);
  await Deno.remove(place.path, { recursive: true });
  running.signal("SIGCONT");
  const { code, stderr } = await running.outcome;
  await Deno.mkdir(place.path);
  assert.match(stderr, /^esxi-img: [^\n]+\n$/);
  assert.doesNotMatch(stderr, /defect/);
  assert.equal(code, 1);
});

for (const isReplacing of [false, true]) {
  const title = isReplacing ? "what was there before is there again" : "neither is left";
  Deno.test(`image and manifest get their names together, or ${title}`, async () => {
    using folder = new Folder();
    using place = new Folder();
    writeSlowIso(folder.file("in.iso"));
    const manifest = place.file("m.json");
    const build = ["build", "in.iso", "-o", "out.img.gz", "--manifest", manifest];
    if (isReplacing) {
      folder.write("out.img.gz", "old");
      build.push("--force");
    }
    const before = folder.names();
    await using running = await startAndStop(build, folder, "out.img.gz", 1_000_000);
    await Deno.remove(place.path, { recursive: true });
    running.signal("SIGCONT");
    const outcome = await running.outcome;
    await Deno.mkdir(place.path);
    assertRefused(outcome, {
      names: manifest,
      says: /cannot write: no such file or folder/,
      advises: /^check the path$/,
    });
    assert.deepEqual(folder.names(), before);
    if (isReplacing) assert.equal(await Deno.readTextFile(folder.file("out.img.gz")), "old");
  });
}

Deno.test("a module that changes while an image is built", async () => {
  using folder = new Folder();
  writeSlowIso(folder.file("in.iso"));
  folder.write("extra.v00", "\x7fELF module");
  const build = ["build", "in.iso", "-o", "out.img.gz", "--module", "extra.v00"];
  await using running = await startAndStop(build, folder, "out.img.gz", 1_000_000);
  folder.write("extra.v00", "\x7fELF MODULE");
  running.signal("SIGCONT");
  assertRefused(await running.outcome, {
    names: "extra.v00",
    says: /it was changed while it was read/,
    advises: /^run again when nothing writes to it$/,
  });
  assert.deepEqual(folder.names(), ["extra.v00", "in.iso"]);
});
