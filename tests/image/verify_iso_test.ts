import assert from "node:assert/strict";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { readBlocks } from "../../lib/blocks/block_map.ts";
import { bytesSource } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import { findFile } from "../../lib/blocks/file_tree.ts";
import { planIso } from "../../lib/build.ts";
import { verifyImage } from "../../lib/image/verify.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { patchIso } from "../../lib/iso/patch/patch.ts";
import { Folder } from "../support/folder.ts";
import { isoInMemory } from "../support/good_image.ts";
import { ISO_ZOO, writeSpecimen } from "../support/iso_zoo.ts";
import { testWith } from "../support/programs.ts";
import { Random } from "../fuzz/random.ts";

const GUEST = packGuestFiles([{ path: "pre.sh", bytes: new TextEncoder().encode("exit\n") }]);
const SMALL = { moduleCount: 12, modulesBytes: 60_000 };
const PLAIN = await bytesOf(isoInMemory(SMALL));

async function bytesOf(source: ReturnType<typeof bytesSource>): Promise<Uint8Array> {
  const bytes = new Uint8Array(source.sizeBytes);
  await source.read(bytes, 0);
  return bytes;
}

/** The ISO, patched. */
async function patched(iso: Uint8Array, moveAlways = false): Promise<Uint8Array> {
  const source = bytesSource("iso", iso);
  const plan = await planIso(source, { guestFiles: GUEST });
  const inMemory = (origin: string) =>
    plan.files.filter(({ path }) => plan.origins.get(path) === origin).map(({ path, content }) => {
      const [extent] = content;
      assert.ok(extent && "bytes" in extent);
      return { path, bytes: extent.bytes };
    });
  const { map } = moveAlways
    ? await patchIso(source, { replaced: inMemory("edited"), added: inMemory("added"), moveAlways })
    : plan;
  const bytes = new Uint8Array(map.sizeBytes);
  await readBlocks(map, bytes, 0);
  return bytes;
}

async function problemsOf(copy: Uint8Array, iso: Uint8Array): Promise<readonly string[]> {
  try {
    return (await verifyImage(bytesSource("copy", copy), bytesSource("iso", iso))).problems;
  } catch (error) {
    assert.ok(error instanceof Failure, `${error}`);
    return [error.message];
  }
}

async function bytesOfZoo(name: string): Promise<Uint8Array> {
  using folder = new Folder();
  await writeSpecimen(folder.file("iso"), ISO_ZOO[name]!, SMALL);
  return await Deno.readFile(folder.file("iso"));
}

Deno.test("verify: an ISO is right as it was patched, with what was compared", async () => {
  const copy = await patched(PLAIN);
  const report = await verifyImage(bytesSource("copy", copy), bytesSource("iso", PLAIN));
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.addedFiles, ["ESXIIMG.TGZ"]);
  const { files } = await readIso(bytesSource("iso", PLAIN));
  assert.equal(report.comparedFiles, files.length - 2);
});

Deno.test("verify: what is not ours, or another ISO's, is not right", async () => {
  assert.match((await problemsOf(PLAIN, PLAIN)).join("\n"), /esxiimg\.tgz is missing/);
  const other = await bytesOf(isoInMemory({ ...SMALL, moduleCount: 13 }));
  assert.notDeepEqual(await problemsOf(await patched(other), PLAIN), []);
  assert.match(
    (await problemsOf(PLAIN.subarray(0, 40_000), PLAIN)).join("\n"),
    /truncated|smaller/,
  );
});

/** Flips bits all over a patched ISO: each must be noticed, but for those of an edited record. */
async function flipBits(iso: Uint8Array, moveAlways: boolean): Promise<void> {
  const copy = await patched(iso, moveAlways);
  assert.deepEqual(await problemsOf(copy, iso), []);
  const random = new Random(moveAlways ? 2 : 1);
  const missed: number[] = [];
  for (let i = 0; i < 300; i++) {
    // Half of them where the structures are, which are few.
    const at = random.below(i % 2 === 0 ? copy.length : 64 * 2048);
    copy[at]! ^= 1 << (i % 8);
    if ((await problemsOf(copy, iso)).length === 0) missed.push(at);
    copy[at]! ^= 1 << (i % 8);
  }
  assert.ok(missed.length <= 3, `unnoticed at ${missed}`);
  const text = new TextDecoder("latin1").decode(copy);
  for (const at of missed) {
    const near = text.slice(at - 160, at + 160).replaceAll("\0", "");
    assert.match(near, /BOOT\.CFG|ESXIIMG/i, `unnoticed at ${at}`);
  }
}

Deno.test("verify: a bit that is wrong anywhere in an ISO is noticed", () =>
  flipBits(PLAIN, false));

Deno.test("verify: and where directories were moved", () => flipBits(PLAIN, true));

testWith(["genisoimage"], "verify: and in every tree of an ISO", async () => {
  await flipBits(await bytesOfZoo("enhanced volume descriptor"), false);
  await flipBits(await bytesOfZoo("Rock Ridge and Joliet, genisoimage"), true);
});

Deno.test("verify: a file that lies elsewhere than in the ISO is told", async () => {
  const copy = await patched(PLAIN);
  const file = findFile(await readIso(bytesSource("copy", copy)), "K.B00");
  const sector = file!.parts[0]!.offsetBytes / 2048;
  const moved = sector + 1;
  for (let at = 0; at + 8 <= copy.length; at++) {
    const view = new DataView(copy.buffer, at, 8);
    if (view.getUint32(0, true) !== sector || view.getUint32(4, false) !== sector) continue;
    view.setUint32(0, moved, true);
    view.setUint32(4, moved, false);
  }
  assert.match((await problemsOf(copy, PLAIN)).join("\n"), /K\.B00 does not lie where it does/);
});
