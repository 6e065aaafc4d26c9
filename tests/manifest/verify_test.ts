import assert from "node:assert/strict";
import { parseManifest } from "../../lib/manifest/read.ts";
import { failure } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { writeInstallerIso } from "../support/installer_iso.ts";
import { MANIFEST } from "../support/manifests.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";

const PARTITION_BYTES = 1024 * 1024;

/** A folder with an image and its manifest; the ISO is gone. */
async function withImage(): Promise<Folder> {
  const folder = new Folder();
  const iso = folder.file("esxi.iso");
  writeInstallerIso(iso, { moduleCount: 20, modulesBytes: 3_000_000 });
  const output = ["-o", folder.file("a.img"), "--manifest", folder.file("m.json")];
  await mustEsxiImg(["build", iso, ...output, "-q"]);
  Deno.removeSync(iso);
  return folder;
}

Deno.test("verify --manifest: right without the ISO, in every format", async () => {
  using folder = await withImage();
  const [image, manifest] = [folder.file("a.img"), folder.file("m.json")];
  for (const format of ["raw", "gz", "qcow2", "vmdk"]) {
    const other = folder.file(`b.${format}`);
    await mustEsxiImg(["convert", image, "-f", format, "-o", other, "-q"]);
    const { stdout } = await mustEsxiImg(["verify", other, "--manifest", manifest]);
    assert.match(stdout, /: verified: /);
  }
});

Deno.test("verify --manifest: names the file that differs, is missing, or is new", async () => {
  using folder = await withImage();
  const [image, manifest] = [folder.file("a.img"), folder.file("m.json")];
  const right = Deno.readTextFileSync(manifest);
  const damages: readonly (readonly [change: (text: string) => string, says: RegExp])[] = [
    [(text) => text.replace(/"guid": ".{8}/, '"guid": "00000000'), /the disk's GUID is /],
    [(text) => text.replace('"K.B00"', '"Q.B00"'), /\/K\.B00 is not in the manifest/],
    [(text) => text.replace('"K.B00"', '"Q.B00"'), /\/Q\.B00 is missing/],
    [
      (text) => text.replace(/("path": "K\.B00",\s+"sizeBytes": )\d/, "$19"),
      /\/K\.B00 has \d+ bytes, not 9\d+/,
    ],
  ];
  for (const [change, says] of damages) {
    Deno.writeTextFileSync(manifest, change(right));
    const { code, stderr } = await esxiImg(["verify", image, "--manifest", manifest]);
    assert.equal(code, 1);
    assert.match(stderr, says);
  }
  Deno.writeTextFileSync(manifest, right);
  // One byte of the last module, which lies behind everything else that holds data.
  const bytes = Deno.readFileSync(image);
  const last = bytes.subarray(0, -PARTITION_BYTES).findLastIndex((byte) => byte !== 0);
  bytes[last - 1000]! ^= 1;
  Deno.writeFileSync(image, bytes);
  const { code, stderr } = await esxiImg(["verify", image, "--manifest", manifest]);
  assert.equal(code, 1);
  assert.match(stderr, /^esxi-img: [^\n]*\.TGZ does not have the SHA-256 of the manifest[^\n]*\n$/);
});

Deno.test("manifest: read as it is written, whatever else it may hold one day", () => {
  assert.deepEqual(parseManifest(JSON.stringify(MANIFEST), "m.json"), MANIFEST);
  const more = JSON.stringify({ ...MANIFEST, more: 1, disk: { ...MANIFEST.disk, more: 1 } });
  assert.deepEqual(parseManifest(more, "m.json"), MANIFEST);
});

Deno.test("manifest: what is wrong with it is named by its place", () => {
  const [file] = MANIFEST.files;
  const wrong: readonly (readonly [text: string, says: RegExp])[] = [
    ["", /it is not JSON/],
    ["{", /it is not JSON/],
    ["[]", /it is not an object/],
    ["null", /it is not an object/],
    ["{}", /its format is not 1/],
    ...[
      [{ format: 2 }, /its format is not 1/],
      [{ tool: undefined }, /tool is not an object/],
      [{ iso: { ...MANIFEST.iso, sizeBytes: -1 } }, /iso\.sizeBytes is not a number of bytes/],
      [{ iso: { ...MANIFEST.iso, sha256: "F".repeat(64) } }, /iso\.sha256 is not what/],
      [{ esxi: { version: 8, build: null } }, /esxi\.version is not text/],
      [{ disk: { ...MANIFEST.disk, guid: "x" } }, /disk\.guid is not what/],
      [{ disk: { ...MANIFEST.disk, clusterBytes: 1.5 } }, /disk\.clusterBytes is not a number/],
      [{ disk: { ...MANIFEST.disk, time: "now" } }, /disk\.time is not what/],
      [{ files: {} }, /files is not a list/],
      [{ files: [null] }, /files\[0\] is not an object/],
      [{ files: [file, { ...file, path: "" }] }, /files\[1\]\.path is not what/],
      [{ files: [file, { ...file, path: "a/b" }] }, /files names \/a\/b twice/],
      [{ files: [{ ...file, origin: "elsewhere" }] }, /files\[0\]\.origin is none of iso, /],
      [{ files: [{ ...file, sha256: "" }] }, /files\[0\]\.sha256 is not what/],
      [{ output: { ...MANIFEST.output, sizeBytes: 2 ** 60 } }, /output\.sizeBytes is not/],
    ].map(([change, says]) =>
      [JSON.stringify({ ...MANIFEST, ...change }), says as RegExp] as const
    ),
  ];
  for (const [text, says] of wrong) {
    assert.throws(() => parseManifest(text, "m.json"), failure("not-manifest", says), text);
  }
});

Deno.test("verify --manifest --iso: both at once, and what they say of each other", async () => {
  using folder = new Folder();
  const [iso, image, manifest] = folder.files("a.iso", "a.img", "m.json");
  writeInstallerIso(iso, { moduleCount: 7, modulesBytes: 20_000 });
  await mustEsxiImg(["build", iso, "-o", image, "--manifest", manifest, "-q"]);
  const both = ["--manifest", manifest, "--iso", iso];
  const { stdout } = await mustEsxiImg(["verify", image, ...both, "--json"]);
  const { ok, isSameFile, problems } = JSON.parse(stdout);
  assert.deepEqual({ ok, isSameFile, problems }, { ok: true, isSameFile: true, problems: [] });

  const right = Deno.readTextFileSync(manifest);
  const lies: readonly (readonly [change: (text: string) => string, says: RegExp])[] = [
    [
      (text) => text.replace(/("path": "K\.B00"[^}]*"origin": )"iso"/, '$1"added"'),
      /\/K\.B00 is called added by the manifest, but the ISO holds it/,
    ],
    [
      (text) => text.replace(/("path": "esxiimg\.tgz"[^}]*"origin": )"added"/, '$1"iso"'),
      /\/esxiimg\.tgz is called iso by the manifest, but the ISO does not hold it/,
    ],
    [
      (text) => text.replace(/("name": "a\.iso",\s+"sizeBytes": )/, "$19"),
      /the ISO has \d+ bytes, not 9\d+/,
    ],
    [
      (text) =>
        text.replace(/("name": "a\.iso",\s+"sizeBytes": \d+,\s+"sha256": )"..../, '$1"0000'),
      /the ISO does not have the SHA-256 of the manifest/,
    ],
  ];
  for (const [change, says] of lies) {
    const lie = change(right);
    assert.notEqual(lie, right);
    Deno.writeTextFileSync(manifest, lie);
    const { code, stderr } = await esxiImg(["verify", image, ...both]);
    assert.equal(code, 1);
    assert.match(stderr, says);
  }
});

Deno.test("verify --manifest: a byte that belongs to no file makes another file of it", async () => {
  using folder = new Folder();
  const [iso, image, manifest] = folder.files("a.iso", "a.img", "m.json");
  writeInstallerIso(iso, { moduleCount: 7, modulesBytes: 20_000 });
  await mustEsxiImg(["build", iso, "-o", image, "--manifest", manifest, "-q"]);
  const sameFile = async () => {
    const args = ["verify", image, "--manifest", manifest, "--json"];
    return JSON.parse((await mustEsxiImg(args)).stdout).isSameFile;
  };
  assert.equal(await sameFile(), true);
  const bytes = Deno.readFileSync(image);
  bytes[bytes.length - 2 * PARTITION_BYTES] = 1; // free space at the partition's end
  Deno.writeFileSync(image, bytes);
  assert.equal(await sameFile(), false);
});

Deno.test("verify: with neither ISO nor manifest it is wrong usage", async () => {
  using folder = new Folder();
  const { code, stderr } = await esxiImg(["verify", folder.write("a.img", "x")]);
  assert.equal(code, 2);
  assert.match(stderr, /^esxi-img: [^\n]*pass --iso[^\n]*\n$/);
});
