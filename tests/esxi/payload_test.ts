import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import {
  type ImageFacts,
  packPayload,
  type PayloadFile,
  type PayloadParts,
  unpackPayload,
} from "../../lib/esxi/payload.ts";
import { packTar } from "modern-tar";
import { failure } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

const FACTS: ImageFacts = {
  format: 1,
  disk_guid: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
  install_disk: "--firstdisk",
  root_password_hash: null,
  ssh_keys: ["ssh-ed25519 AAAA Grüße"],
};
/** Every byte there is, as no text holds them. */
const KICKSTART = Uint8Array.from({ length: 700 }, (_, i) => i);
const TEXT = new TextEncoder();
const GUEST: readonly PayloadFile[] = [
  { path: "pre.sh", bytes: TEXT.encode("exit 0\n") },
  { path: "hostconf/__init__.py", bytes: new Uint8Array() },
  { path: "hostconf/plan.py", bytes: new Uint8Array(1024).fill(35) },
  { path: "hostconf/deep/er.py", bytes: TEXT.encode("x = 'ä'\n") },
];
const PARTS: PayloadParts = {
  kickstart: KICKSTART,
  facts: FACTS,
  guest: packGuestFiles(GUEST).payload,
  scripts: [{ path: "theirs/pre1.sh", bytes: TEXT.encode("exit 1\n") }],
  metadata: [{ path: "network_data.json", bytes: TEXT.encode("{}") }],
  timeSeconds: 1_700_000_001,
};
const NAMES = [
  "esxiimg/",
  "esxiimg/metadata/",
  "esxiimg/theirs/",
  "esxiimg/KS.CFG",
  "esxiimg/image.json",
  "esxiimg/metadata/network_data.json",
  "esxiimg/theirs/pre1.sh",
  // the guest's, always the same
  "esxiimg/hostconf/",
  "esxiimg/hostconf/deep/",
  "esxiimg/hostconf/__init__.py",
  "esxiimg/hostconf/deep/er.py",
  "esxiimg/hostconf/plan.py",
  "esxiimg/pre.sh",
];
/** The guest's own files have a time of their own. */
const timeOf = (name: string) =>
  /hostconf|\/pre\.sh/.test(name) ? Date.UTC(1980, 0, 1) / 1000 : PARTS.timeSeconds;

/** The headers of a tar, block by block. */
function headers(tar: Uint8Array) {
  const found = [];
  const text = (at: number, length: number) =>
    new TextDecoder("latin1").decode(tar.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; tar[at] !== 0;) {
    const sizeBytes = parseInt(text(at + 124, 12), 8);
    found.push({
      name: text(at, 100),
      mode: text(at + 100, 8),
      uid: parseInt(text(at + 108, 8), 8),
      gid: parseInt(text(at + 116, 8), 8),
      mtime: parseInt(text(at + 136, 12), 8),
      type: text(at + 156, 1),
      magic: new TextDecoder("latin1").decode(tar.subarray(at + 257, at + 265)),
      prefix: text(at + 345, 155),
    });
    at += 512 + Math.ceil(sizeBytes / 512) * 512;
  }
  return found;
}

Deno.test("payload: old GNU headers, folders first, root's, no program bits", () => {
  const found = headers(gunzipSync(packPayload(PARTS)));
  assert.deepEqual(found.map(({ name }) => name), NAMES);
  for (const { name, magic, uid, gid, mtime, type, mode, prefix } of found) {
    assert.equal(magic, "ustar  \0", name);
    assert.deepEqual([uid, gid, prefix], [0, 0, ""], name);
    assert.equal(mtime, timeOf(name), name);
    assert.equal(type, name.endsWith("/") ? "5" : "0");
    assert.equal(parseInt(mode, 8), name.endsWith("/") ? 0o755 : 0o644);
  }
  const seen = new Set<string>();
  for (const { name } of found) {
    const parent = name.replace(/[^/]+\/?$/, "");
    assert.ok(parent === "" || seen.has(parent), `${parent} comes before ${name}`);
    seen.add(name);
  }
});

Deno.test("payload: unpacked, it is what was packed", async () => {
  const files = await unpackPayload(packPayload(PARTS), "esxiimg.tgz");
  const byPath = new Map(files.map(({ path, bytes }) => [path, bytes]));
  assert.deepEqual(byPath.get("esxiimg/KS.CFG"), KICKSTART);
  assert.deepEqual(
    JSON.parse(new TextDecoder().decode(byPath.get("esxiimg/image.json"))),
    FACTS,
  );
  for (const { path, bytes } of GUEST) {
    assert.deepEqual(byPath.get(`esxiimg/${path}`), bytes);
  }
  assert.equal(byPath.size, NAMES.filter((name) => !name.endsWith("/")).length);
});

Deno.test("payload: the same parts give the same bytes, in whatever order", () => {
  const first = packPayload(PARTS);
  assert.deepEqual(packPayload(PARTS), first);
  const turned = { ...PARTS, guest: packGuestFiles(GUEST.toReversed()).payload };
  assert.deepEqual(packPayload(turned), first);
  assert.notDeepEqual(packPayload({ ...PARTS, timeSeconds: 0 }), first);
});

testWith(["tar"], "payload: GNU tar lists and extracts it", async () => {
  using folder = new Folder();
  const file = folder.write("esxiimg.tgz", packPayload(PARTS));
  const { stdout, stderr } = await mustRun("tar", ["tzf", file]);
  assert.equal(stderr, "");
  assert.deepEqual(stdout.trimEnd().split("\n"), NAMES);
  await mustRun("tar", ["xzf", file, "-C", folder.path]);
  assert.deepEqual(Deno.readFileSync(folder.file("esxiimg/KS.CFG")), KICKSTART);
  for (const { path, bytes } of GUEST) {
    assert.deepEqual(Deno.readFileSync(folder.file(`esxiimg/${path}`)), bytes);
  }
});

const PYTHON = `
import hashlib, json, sys, tarfile, zlib
data = open(sys.argv[1], "rb").read()
member = zlib.decompressobj(wbits=31)
tar = member.decompress(data) + member.flush()
with tarfile.open(sys.argv[1], "r:gz", errorlevel=2) as archive:
    entries = [[m.name, m.isdir(), m.size, m.mode, m.uid, m.gid, int(m.mtime), bool(m.pax_headers),
                hashlib.sha256(archive.extractfile(m).read()).hexdigest() if m.isfile() else ""]
               for m in archive.getmembers()]
print(json.dumps({"eof": member.eof, "behind": len(member.unused_data), "tar": len(tar),
                  "entries": entries}))
`;

testWith(
  ["python3"],
  "payload: Python's tarfile and zlib read it, with nothing behind",
  async () => {
    using folder = new Folder();
    const payload = packPayload(PARTS);
    const file = folder.write("esxiimg.tgz", payload);
    const { stdout } = await mustRun("python3", ["-c", PYTHON, file]);
    const { eof, behind, tar, entries } = JSON.parse(stdout);
    assert.deepEqual([eof, behind], [true, 0]);
    assert.equal(tar, gunzipSync(payload).length);
    assert.deepEqual(
      entries.map(([name, isFolder]: [string, boolean]) => name + (isFolder ? "/" : "")),
      NAMES,
    );
    for (const [name, isFolder, , mode, uid, gid, mtime, hasPax] of entries) {
      assert.deepEqual(
        [mode, uid, gid, mtime, hasPax],
        [isFolder ? 0o755 : 0o644, 0, 0, timeOf(name), false],
        name,
      );
    }
  },
);

testWith(["busybox"], "payload: busybox, whose tar the installer has, extracts it", async () => {
  using folder = new Folder();
  folder.write("esxiimg.tgz", packPayload(PARTS));
  await mustRun("busybox", ["tar", "xzf", "esxiimg.tgz"], { cwd: folder.path });
  assert.deepEqual(Deno.readFileSync(folder.file("esxiimg/KS.CFG")), KICKSTART);
});

Deno.test("payload: names that old GNU tar cannot hold are an error, not another dialect", () => {
  const name = `${"n".repeat(60)}/${"m".repeat(60)}`;
  assert.throws(
    () => packPayload({ ...PARTS, scripts: [{ path: name, bytes: new Uint8Array() }] }),
    RangeError,
  );
  assert.throws(() => packGuestFiles([{ path: name, bytes: new Uint8Array() }]), RangeError);
});

Deno.test("payload: files of any size come back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 1600 }), { maxLength: 6 }),
      async (contents) => {
        const kickstart = { path: "KS.CFG", bytes: KICKSTART };
        const guestFiles = contents.map((bytes, i) => ({ path: `file${i}`, bytes }));
        const guest = packGuestFiles(guestFiles).payload;
        const payload = packPayload({ ...PARTS, kickstart: KICKSTART, guest });
        const files = await unpackPayload(payload, "x");
        for (const { path, bytes } of [kickstart, ...guestFiles]) {
          const found = files.find((file) => file.path === `esxiimg/${path}`);
          assert.deepEqual(new Uint8Array(found!.bytes), new Uint8Array(bytes));
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("payload: an uncompressed tar is one, too", async () => {
  const tar = new Uint8Array(gunzipSync(packPayload(PARTS)));
  assert.equal((await unpackPayload(tar, "x.tar")).length, 8);
});

Deno.test("payload: what is no payload is refused", async () => {
  const payload = packPayload(PARTS);
  const tar = new Uint8Array(gunzipSync(payload));
  const wrongSum = tar.slice();
  wrongSum[0]! ^= 1;
  const refused: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(gzipSync(tar.subarray(0, 700))), /not a gzipped tar/],
    [new Uint8Array(gzipSync(wrongSum)), /not a gzipped tar/],
    [TEXT.encode("not a tar at all\n".repeat(100)), /not a gzipped tar/],
    [new Uint8Array(0), /not a gzipped tar|holds no/],
    [new Uint8Array(gzipSync(new Uint8Array(10_240))), /holds no esxiimg\/KS\.CFG/],
    [
      new Uint8Array(await packTar([{ header: { name: "KS.CFG", size: 0 } }])),
      /holds no esxiimg\/KS\.CFG/,
    ],
  ];
  for (const [bytes, message] of refused) {
    await assert.rejects(unpackPayload(bytes, "x.tgz"), failure("kickstart", message));
  }
});

Deno.test("payload: whatever is changed in it, it is read or refused", async () => {
  const payload = packPayload(PARTS);
  const tar = new Uint8Array(gunzipSync(payload));
  const changes = (bytes: Uint8Array) =>
    fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const apply = (bytes: Uint8Array, list: [number, number][]) => {
    const changed = bytes.slice();
    for (const [at, byte] of list) changed[at] = byte;
    return changed;
  };
  const readOrRefuse = async (bytes: Uint8Array) => {
    try {
      await unpackPayload(bytes, "x.tgz");
    } catch (error) {
      const { code } = error as { code: string };
      failure(code === "boot-cfg" ? "boot-cfg" : "kickstart")(error);
    }
  };
  await fc.assert(fc.asyncProperty(changes(payload), async (list) => {
    await readOrRefuse(apply(payload, list));
  }));
  await fc.assert(
    fc.asyncProperty(changes(tar), async (list) => {
      await readOrRefuse(new Uint8Array(gzipSync(apply(tar, list), { level: 1 })));
    }),
    { numRuns: 200 },
  );
});
