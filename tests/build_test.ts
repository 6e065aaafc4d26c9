import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { readBlocks } from "../lib/blocks/block_map.ts";
import { bytesSource, type Extent, type Source } from "../lib/blocks/extent.ts";
import { formatGuid } from "../lib/blocks/guid.ts";
import { type ImageOptions, type ImagePlan, planImage } from "../lib/build.ts";
import { packGuestFiles } from "../lib/esxi/guest_files.ts";
import { FAT_EPOCH_MS } from "../lib/blocks/fat_time.ts";
import { makePayload } from "../lib/esxi/make_payload.ts";
import { unpackPayload } from "../lib/esxi/payload.ts";
import { readFatfsWasm } from "../lib/host/assets.ts";
import { equalBytes } from "./formats/support.ts";
import { failure } from "./support/failures.ts";
import { isoInMemory } from "./support/good_image.ts";

const ISO = isoInMemory({ moduleCount: 8, modulesBytes: 60_000 });
const text = (content: string) => new TextEncoder().encode(content);
const module = (name: string, content: string) => ({
  name,
  source: bytesSource(name, text(content)),
});
const OPTIONS: ImageOptions = {
  fatfsWasm: await readFatfsWasm(),
  guestFiles: packGuestFiles([
    { path: "curtin/curtin-hooks", bytes: text("#!/usr/bin/env python3\n") },
    { path: "common/checks.py", bytes: text("pass\n") },
    { path: "hostconf/plan.py", bytes: text("pass\n") },
    { path: "pre.sh", bytes: text("exit 0\n") },
  ]),
  rootPassword: "VMware1!",
  label: "ESXI",
  freeBytes: 0,
};

async function plan(options: Partial<ImageOptions> = {}, iso: Source = ISO): Promise<ImagePlan> {
  return await planImage(iso, { ...OPTIONS, ...options });
}

/** The bytes of a file that is in memory. */
function bytesOf(image: ImagePlan, path: string): Uint8Array {
  const file = image.files.find((candidate) => candidate.path === path);
  const [extent]: readonly Extent[] = file?.content ?? [];
  assert.ok(extent !== undefined && "bytes" in extent, path);
  return extent.bytes;
}

async function factsOf(image: ImagePlan): Promise<Record<string, unknown>> {
  const files = await unpackPayload(bytesOf(image, "esxiimg.tgz"), "esxiimg.tgz");
  const facts = files.find(({ path }) => path === "esxiimg/image.json");
  return JSON.parse(new TextDecoder().decode(facts?.bytes));
}

Deno.test("plan: both boot.cfg are edited, payload and curtin's files added", async () => {
  const image = await plan();
  assert.deepEqual(Object.fromEntries(image.origins), {
    "EFI/BOOT/BOOT.CFG": "edited",
    "BOOT.CFG": "edited",
    "esxiimg.tgz": "added",
    "curtin/curtin-hooks": "added",
    "curtin/common/checks.py": "added",
  });
  for (const path of ["EFI/BOOT/BOOT.CFG", "BOOT.CFG"]) {
    const cfg = new TextDecoder().decode(bytesOf(image, path));
    assert.match(cfg, /^modules=.* --- \/imgpayld\.tgz --- \/esxiimg\.tgz$/m);
    assert.match(cfg, /^kernelopt=runweasel cdromBoot ks=file:\/\/\/esxiimg\/KS\.CFG$/m);
  }
  const payload = await unpackPayload(bytesOf(image, "esxiimg.tgz"), "x");
  const paths = payload.map(({ path }) => path);
  assert.ok(paths.includes("esxiimg/hostconf/plan.py"));
  assert.ok(paths.includes("esxiimg/common/checks.py"), "what both share is in both");
  assert.ok(!paths.some((path) => path.includes("curtin")), "what MAAS runs is not in the payload");
});

Deno.test("plan: our files come first, then the ISO's in the order of its bytes", async () => {
  const { files } = await plan();
  assert.deepEqual(files.slice(0, 5).map(({ path }) => path), [
    "EFI/BOOT/BOOT.CFG",
    "BOOT.CFG",
    "esxiimg.tgz",
    "curtin/curtin-hooks",
    "curtin/common/checks.py",
  ]);
  const offsets = files.slice(5).flatMap(({ content }) =>
    content.map((extent) => "source" in extent ? extent.sourceOffsetBytes : -1)
  );
  assert.ok(offsets.length > 8);
  assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
  assert.ok(offsets[0]! > 0);
});

Deno.test("plan: of the ISO only directories, boot.cfg and version are read", async () => {
  let readBytes = 0;
  const watched: Source = {
    ...ISO,
    read: (into, offsetBytes) => {
      readBytes += into.length;
      return ISO.read(into, offsetBytes);
    },
  };
  await plan({}, watched);
  assert.ok(readBytes < 60_000, `${readBytes} of ${ISO.sizeBytes} bytes were read`);
});

Deno.test("plan: the same inputs give the same disk", async () => {
  const [first, second] = await Promise.all([plan(), plan()]);
  assert.deepEqual(first.identity, second.identity);
  const a = new Uint8Array(first.disk.map.sizeBytes);
  const b = new Uint8Array(second.disk.map.sizeBytes);
  await readBlocks(first.disk.map, a, 0);
  await readBlocks(second.disk.map, b, 0);
  assert.ok(equalBytes(a, b));
});

Deno.test("plan: every input but the password makes another image of it", async () => {
  const changes: Readonly<Record<string, Partial<ImageOptions>>> = {
    nothing: {},
    guestFiles: { guestFiles: packGuestFiles([{ path: "pre.sh", bytes: text("exit 1\n") }]) },
    kickstart: { kickstart: text("vmaccepteula\n") },
    metadata: { metadata: [{ path: "user_data", bytes: text("x") }] },
    modules: { modules: [module("x.v00", "x")] },
    kernelOptions: { kernelOptions: ["a=1"] },
    installDisk: { installDisk: "--firstdisk=usb" },
    sshKeys: { sshKeys: ["ssh-ed25519 AAAA"] },
    label: { label: "OTHER" },
    freeBytes: { freeBytes: 1024 },
    diskBytes: { diskBytes: 64 * 1024 * 1024 },
    timeSeconds: { timeSeconds: 1_700_000_000 },
    requireMetadata: { requireMetadata: true },
    allowEd25519: { allowEd25519: true },
    allowSecureBoot: { allowSecureBoot: true },
    vcenterInsecure: { vcenterInsecure: true },
    maasPortGroup: { maasPortGroup: true },
    vcenterCa: { vcenterCa: "-----BEGIN CERTIFICATE-----\n" },
    seed: { seed: "seed" },
  };
  const guids = new Map<string, string>();
  for (const [name, options] of Object.entries(changes)) {
    const image = await plan(options);
    const guid = formatGuid(image.diskGuid);
    assert.notEqual(formatGuid(image.partitionGuid), guid);
    assert.ok(!guids.has(guid), `${name} counts`);
    guids.set(guid, name);
    assert.equal((await factsOf(image)).disk_guid, guid);
  }
  const { diskGuid } = await plan({ rootPassword: "another" });
  assert.equal(guids.get(formatGuid(diskGuid)), "nothing");
  const other = await plan({}, isoInMemory({ moduleCount: 8, modulesBytes: 60_010 }));
  assert.ok(!guids.has(formatGuid(other.diskGuid)), "another ISO counts");
});

Deno.test("plan: a seed decides alone about the identifiers", async () => {
  const [first, second] = [
    await plan({ seed: "x" }),
    await plan({ seed: "x", label: "OTHER", freeBytes: 5_000_000 }),
  ];
  assert.deepEqual(first.diskGuid, second.diskGuid);
  assert.notDeepEqual((await plan({ seed: "y" })).diskGuid, first.diskGuid);
});

Deno.test("plan: time stamps are the given one, else the ISO's, within what FAT can say", async () => {
  assert.equal((await plan()).timeMs, Date.UTC(2024, 8, 23, 12));
  assert.equal((await plan({ timeSeconds: 1_700_000_000 })).timeMs, 1_700_000_000_000);
  assert.equal((await plan({ timeSeconds: 0 })).timeMs, FAT_EPOCH_MS);
  const latest = (await plan({ timeSeconds: 10 ** 11 })).timeMs;
  assert.equal(new Date(latest).getUTCFullYear(), 2107);
});

Deno.test("plan: what the ISO holds already cannot be added", async () => {
  for (const name of ["k.b00", "BOOT.CFG", "esxiimg.tgz"]) {
    await assert.rejects(
      plan({ modules: [module(name, "x")] }),
      failure("exists", /it holds a \/(k\.b00|BOOT\.CFG|esxiimg\.tgz) already/),
    );
  }
  const twice = [module("a.v00", "x"), module("A.V00", "y")];
  await assert.rejects(plan({ modules: twice }), failure("exists", /it holds a \/A\.V00 already/));
});

Deno.test("plan: the payload of an ISO of ours is replaced", async () => {
  const files = [{ path: "ESXIIMG.TGZ", content: text("x") }];
  const image = await plan({}, isoInMemory({ moduleCount: 8, modulesBytes: 60_000, files }));
  assert.equal(image.origins.get("ESXIIMG.TGZ"), "edited");
  assert.deepEqual(image.files.filter(({ path }) => /esxiimg/i.test(path)).length, 1);
  await unpackPayload(bytesOf(image, "ESXIIMG.TGZ"), "x");
});

Deno.test("plan: modules are added behind the payload, with their bytes", async () => {
  const image = await plan({ modules: [module("net-x.v00", "driver")] });
  const added = image.files.find(({ path }) => path === "net-x.v00")!;
  const content = new Uint8Array(added.sizeBytes);
  await readBlocks({ sizeBytes: added.sizeBytes, extents: added.content }, content, 0);
  assert.equal(new TextDecoder().decode(content), "driver");
  assert.ok(added.content.every((extent) => "source" in extent), "it is not in memory");
  const cfg = new TextDecoder().decode(bytesOf(image, "EFI/BOOT/BOOT.CFG"));
  assert.match(cfg, / --- \/esxiimg\.tgz --- \/net-x\.v00$/m);
});

Deno.test("plan: a finished payload goes in as it is", async () => {
  const payload = text("not looked at here");
  assert.deepEqual(bytesOf(await plan({ payload }), "esxiimg.tgz"), payload);
});

Deno.test("plan: the ISO's files can be watched being read", async () => {
  const seen: string[] = [];
  const { disk, files } = await plan({
    tapFile: (path, source) => ({
      ...source,
      read: (into, offsetBytes) => {
        seen.push(path);
        return source.read(into, offsetBytes);
      },
    }),
  });
  await readBlocks(disk.map, new Uint8Array(disk.map.sizeBytes), 0);
  const expected = files.slice(5).filter((file) => file.sizeBytes > 0).map(({ path }) => path);
  assert.deepEqual([...new Set(seen)], expected);
});

Deno.test("payload: what was given is in it, the password as a hash", async () => {
  const options = { ...OPTIONS, installDisk: "--firstdisk=usb", sshKeys: ["ssh-rsa AAAA"] };
  const image = await plan(options);
  const facts = await factsOf(image);
  assert.match(String(facts.root_password_hash), /^\$6\$/);
  assert.deepEqual(
    [facts.format, facts.install_disk, facts.ssh_keys],
    [1, "--firstdisk=usb", ["ssh-rsa AAAA"]],
  );
  const tar = new TextDecoder().decode(gunzipSync(bytesOf(image, "esxiimg.tgz")));
  assert.ok(!tar.includes("VMware1!"));
  assert.match(tar, /\ninstall --firstdisk=usb\n/);
});

Deno.test("payload: by itself, with a kickstart and metadata of one's own", async () => {
  const payload = makePayload(
    {
      guestFiles: OPTIONS.guestFiles,
      kickstart: Uint8Array.of(0xff, 0xfe, 0),
      isKickstartAsIs: true,
      metadata: [{ path: "meta_data.json", bytes: text("{}") }],
    },
    new Uint8Array(32),
    FAT_EPOCH_MS,
    undefined,
  );
  const files = new Map((await unpackPayload(payload, "x")).map((file) => [file.path, file.bytes]));
  assert.deepEqual(new Uint8Array(files.get("esxiimg/KS.CFG")!), Uint8Array.of(0xff, 0xfe, 0));
  assert.ok(files.has("esxiimg/metadata/meta_data.json"));
  const facts = JSON.parse(new TextDecoder().decode(files.get("esxiimg/image.json")));
  assert.deepEqual(
    [facts.root_password_hash, facts.install_disk, facts.ssh_keys],
    [null, null, []],
  );
});
