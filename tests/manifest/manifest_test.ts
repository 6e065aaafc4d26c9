import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { readBytes } from "../../lib/blocks/extent.ts";
import { formatGuid } from "../../lib/blocks/guid.ts";
import { planImage } from "../../lib/build.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { Recorder } from "../../lib/manifest/make.ts";
import { VERSION } from "../../lib/version.ts";
import { MemorySink } from "../formats/support.ts";
import { isoInMemory } from "../support/good_image.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("manifest: hashes of the ISO, of every file and of the output, in one pass", async () => {
  const iso = { ...isoInMemory({ moduleCount: 8, modulesBytes: 60_000 }), name: "dir/esxi.iso" };
  let readCount = 0;
  const counted = {
    ...iso,
    read: (into: Uint8Array, offsetBytes: number) => {
      readCount += into.length;
      return iso.read(into, offsetBytes);
    },
  };
  const recorder = new Recorder(counted, "esxi.iso");
  const plan = await planImage(recorder.iso, {
    fatfsWasm: await readFatfsWasm(),
    guestFiles: packGuestFiles([]),
    rootPassword: "VMware1!",
    label: "ESXI",
    freeBytes: 0,
    tapFile: recorder.tapFile,
  });
  const planned = readCount;
  recorder.iso.start();
  const sink = new MemorySink();
  await encodeRaw(plan.disk.map, recorder.tapOutput(sink));
  const options = { label: "ESXI", freeBytes: 0 };
  const output = { format: "raw", sizeBytes: sink.sizeBytes };
  const manifest = await recorder.manifest(plan, options, output);

  assert.equal(readCount - planned, iso.sizeBytes, "the ISO is read once, all of it");
  assert.equal(manifest.format, 1);
  assert.deepEqual(manifest.tool, { name: "esxi-img", version: VERSION });
  const whole = await readBytes(iso, 0, iso.sizeBytes);
  assert.deepEqual(manifest.iso, {
    name: "esxi.iso",
    sizeBytes: iso.sizeBytes,
    sha256: sha256(whole),
  });
  assert.deepEqual(manifest.esxi, { version: "8.0.3", build: "24280767" });
  assert.deepEqual(manifest.options, options);
  assert.deepEqual(manifest.disk, {
    sizeBytes: plan.disk.map.sizeBytes,
    guid: formatGuid(plan.diskGuid),
    partitionGuid: formatGuid(plan.partitionGuid),
    clusterBytes: plan.disk.clusterBytes,
    time: "2024-09-23T12:00:00.000Z",
  });
  assert.deepEqual(manifest.output, { ...output, sha256: sha256(await sink.toBytes()) });

  const volume = await readIso(iso);
  assert.equal(manifest.files.length, volume.files.length + 1);
  for (const { path, sizeBytes, sha256: hash, origin } of manifest.files) {
    const original = volume.files.find((file) => file.path === path);
    if (origin !== "iso") {
      assert.match(path, /BOOT\.CFG$|^esxiimg\.tgz$/);
      assert.match(hash, /^[0-9a-f]{64}$/);
      continue;
    }
    assert.equal(sizeBytes, original?.sizeBytes);
    const [part] = original?.parts ?? [];
    const bytes = part === undefined
      ? new Uint8Array(0)
      : await readBytes(iso, part.offsetBytes, part.lengthBytes);
    assert.equal(hash, sha256(bytes), path);
  }
  assert.doesNotMatch(JSON.stringify(manifest), /VMware1!|\$6\$/, "nothing secret");
});
