import assert from "node:assert/strict";
import { parseManifest } from "../../lib/image/verify_manifest.ts";
import { Failure } from "../../lib/failure.ts";
import { Folder } from "../support/folder.ts";
import { writeInstallerIso } from "../support/installer_iso.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";

const PARTITION_BYTES = 1024 * 1024;

Deno.test("verify --manifest: right without the ISO, in every format", async () => {
  using folder = new Folder();
  const iso = folder.file("esxi.iso");
  const manifest = folder.file("m.json");
  writeInstallerIso(iso, { moduleCount: 20, modulesBytes: 3_000_000 });
  const image = folder.file("a.img");
  await mustEsxiImg(["build", iso, "-o", image, "--manifest", manifest, "-q"]);
  Deno.removeSync(iso);
  for (const format of ["raw", "gz", "qcow2", "vmdk"]) {
    const other = folder.file(`b.${format}`);
    await mustEsxiImg(["convert", image, "-f", format, "-o", other, "-q"]);
    const { stdout } = await mustEsxiImg(["verify", other, "--manifest", manifest]);
    assert.match(stdout, /: right: /);
  }
});

Deno.test("verify --manifest: names the file that differs, is missing, or is new", async () => {
  using folder = new Folder();
  const iso = folder.file("esxi.iso");
  const manifest = folder.file("m.json");
  writeInstallerIso(iso, { moduleCount: 20, modulesBytes: 3_000_000 });
  const image = folder.file("a.img");
  await mustEsxiImg(["build", iso, "-o", image, "--manifest", manifest, "-q"]);
  const right = Deno.readTextFileSync(manifest);
  const damages: readonly (readonly [change: (text: string) => string, says: RegExp])[] = [
    [(text) => text.replace(/"guid": "./, '"guid": "Z'), /the disk's GUID is /],
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
  bytes[last - 1000] ^= 1;
  Deno.writeFileSync(image, bytes);
  const { code, stderr } = await esxiImg(["verify", image, "--manifest", manifest]);
  assert.equal(code, 1);
  assert.match(stderr, /^esxi-img: [^\n]*\.TGZ does not have the SHA-256 of the manifest[^\n]*\n$/);
});

Deno.test("manifest: what is none is refused in one line", () => {
  for (const text of ["", "[]", "null", "{}", '{"format":1}', '{"format":1,"files":[{}]}', "{"]) {
    assert.throws(() => parseManifest(text, "m.json"), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /^m\.json: /);
      return true;
    });
  }
});

Deno.test("verify: with neither ISO nor manifest it is wrong usage", async () => {
  using folder = new Folder();
  const { code, stderr } = await esxiImg(["verify", folder.write("a.img", "x")]);
  assert.equal(code, 2);
  assert.match(stderr, /^esxi-img: [^\n]*pass --iso[^\n]*\n$/);
});
