import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { sha256OfFile } from "../support/trees.ts";

/** A folder with an ISO and the metadata of hosts. */
async function prepare(folder: Folder, hosts: readonly string[]): Promise<void> {
  await writeSampleIso(folder.file("esxi.iso"));
  Deno.mkdirSync(folder.file("images"));
  for (const [i, host] of hosts.entries()) {
    Deno.mkdirSync(folder.file(`meta/hosts/${host}`), { recursive: true });
    const uuid = `00000000-0000-4000-8000-00000000000${i}`;
    folder.write(
      `meta/hosts/${host}/meta_data.json`,
      JSON.stringify({ uuid, hostname: host, admin_pass: "Xyz-12345-q" }),
    );
  }
}

Deno.test("batch: an image for each host, as if it had been built alone, and one manifest", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await prepare(folder, ["esx1", "esx2", "esx3"]);
  const common = ["build", "esxi.iso", "-f", "raw"];
  const { stderr } = await mustEsxiImg(
    [...common, "--metadata", "meta", "--batch", "-o", "images", "--manifest", "all.json"],
    { cwd },
  );
  assert.match(stderr, /^images: ESXi 8\.0\.3, 3 images, /m);
  const { images, iso } = JSON.parse(await Deno.readTextFile(folder.file("all.json")));
  assert.equal(iso.sha256, await sha256OfFile(folder.file("esxi.iso")));
  assert.deepEqual(images.map(({ host }: { host: string }) => host), ["esx1", "esx2", "esx3"]);
  for (const { host, file, sha256 } of images) {
    assert.equal(await sha256OfFile(folder.file(`images/${file}`)), sha256);
    await mustEsxiImg(
      [...common, "--metadata", `meta/hosts/${host}`, "-o", "alone.img", "--force"],
      { cwd },
    );
    assert.equal(await sha256OfFile(folder.file("alone.img")), sha256, "the same bytes");
    await mustEsxiImg(["verify", `images/${file}`, "--iso", "esxi.iso"], { cwd });
    assert.equal(
      Deno.statSync(folder.file(`images/${file}`)).mode! & 0o077,
      0,
      "nobody else reads it",
    );
  }
});

Deno.test("batch: images that begin as copies are those that are built alone", async () => {
  for (const format of ["raw", "iso"]) {
    using folder = new Folder();
    const cwd = folder.path;
    const hosts = ["a", "b", "c", "d", "e"];
    await prepare(folder, hosts);
    // Longer than a cluster: what follows the payload lies elsewhere then.
    folder.write("meta/hosts/c/user_data", `#!/bin/sh\n# ${"x".repeat(300_000)}\n`);
    const common = ["build", "esxi.iso", "-f", format, "--verify"];
    const batch = ["--metadata", "meta", "--batch", "-o", "images"];
    const { images } = JSON.parse(
      (await mustEsxiImg([...common, ...batch, "--json"], { cwd })).stdout,
    );
    assert.deepEqual(images.map(({ host }: { host: string }) => host), hosts);
    for (const { host, file, sizeBytes } of images) {
      const alone = ["--metadata", `meta/hosts/${host}`, "-o", `alone-${host}`];
      await mustEsxiImg([...common, ...alone], { cwd });
      const [one, other] = [folder.file(`images/${file}`), folder.file(`alone-${host}`)];
      assert.equal(await sha256OfFile(one), await sha256OfFile(other), `${format} of ${host}`);
      assert.equal(Deno.statSync(one).size, sizeBytes);
      assert.equal(Deno.statSync(one).mode! & 0o777, 0o600, "nobody else reads it");
      const filled = Deno.statSync(one).blocks! - Deno.statSync(other).blocks!;
      assert.ok(filled * 512 < 4 * 1024 * 1024, `${filled} sectors are filled that are holes`);
    }
    assert.deepEqual(
      [...Deno.readDirSync(folder.file("images"))].map(({ name }) => name).sort(),
      images.map(({ file }: { file: string }) => file),
      "and nothing else",
    );
  }
});

Deno.test("batch: if one host cannot be built, none is there", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await prepare(folder, ["a", "b"]);
  const args = ["build", "esxi.iso", "--metadata", "meta", "--batch", "-o", "images"];
  folder.write("images/b.img.gz", "mine");
  const exists = await esxiImg(args, { cwd });
  assert.match(exists.stderr, /images\/b\.img\.gz: the file exists/);
  assert.equal(await Deno.readTextFile(folder.file("images/b.img.gz")), "mine");
  folder.write("meta/hosts/b/meta_data.json", "{");
  const broken = await esxiImg([...args, "--force"], { cwd });
  assert.match(broken.stderr, /hosts\/b\/meta_data\.json/);
  assert.deepEqual([...Deno.readDirSync(folder.file("images"))].map(({ name }) => name), [
    "b.img.gz",
  ]);
});

Deno.test("batch: what it needs is said", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await prepare(folder, ["a"]);
  const wrong = "0".repeat(64);
  const cases: readonly (readonly [code: number, says: RegExp, ...args: string[]])[] = [
    [2, /--batch: there is no metadata/, "-o", "images"],
    [2, /--batch: many images need a folder/, "--metadata", "meta"],
    [2, /it holds no hosts\/NAME folders/, "--metadata", "meta/hosts/a", "-o", "images"],
    [1, /SHA-256 is/, "--metadata", "meta", "-o", "images", "--iso-sha256", wrong],
  ];
  for (const [code, says, ...args] of cases) {
    const outcome = await esxiImg(["build", "esxi.iso", "--batch", ...args], { cwd });
    assert.match(outcome.stderr, says);
    assert.equal(outcome.code, code, outcome.stderr);
  }
  assert.deepEqual([...Deno.readDirSync(folder.file("images"))], []);
});

Deno.test("batch: check tells what the batch would, for every host, and writes nothing", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await prepare(folder, ["a", "b", "c"]);
  folder.write("pw", "Example#Pass-77\n");
  const common = ["esxi.iso", "--metadata", "meta", "--batch", "-o", "images"];
  const good = await mustEsxiImg(["check", ...common, "-f", "qcow2"], { cwd });
  assert.equal(good.stderr, "");
  assert.match(good.stdout, /^would write 3 images into images as qcow2, each of \d+ files, /m);
  const { images, output, ok } = JSON.parse(
    (await mustEsxiImg(["check", ...common, "--json"], { cwd })).stdout,
  );
  assert.deepEqual([images, output, ok], [
    ["a.img.gz", "b.img.gz", "c.img.gz"],
    "images",
    true,
  ]);

  folder.write("meta/hosts/b/meta_data.json", "{");
  folder.write("meta/hosts/c/meta_data.json", JSON.stringify({ uuid: "u", hostnam: "c" }));
  folder.write("images/a.img.gz", "mine");
  folder.write("ks.cfg", "vmaccepteula\nfoo\n");
  folder.write("m.v00", "no module");
  folder.write("id.pub", "no key\n");
  const cases: readonly (readonly [says: RegExp, ...args: string[]])[] = [
    [/meta\/hosts\/b\/meta_data\.json/],
    [/hosts\/c\/meta_data\.json: it has a key hostnam/],
    [/images\/a\.img\.gz: the file exists/],
    [/ks\.cfg:2:1: .*foo/, "-k", "ks.cfg"],
    [/m\.v00: it is neither gzip nor tar nor ELF/, "--module", "m.v00"],
    [/id\.pub:1: this line is no public key/, "--ssh-key", "id.pub"],
    [/--compress: gz is written/, "--compress"],
    [/--install-disk: .*--firstdisc/, "--install-disk", "--firstdisc"],
    [/--label: \? is not a label/, "--label", "?"],
    [/--free: an ISO keeps its size/, "-f", "iso", "--free", "1G"],
    [/--iso-sha256: x is not a SHA-256/, "--iso-sha256", "x"],
    [/boot-option: .*nonsense/, "--boot-option", "nonsense=1"],
  ];
  const before = folder.names();
  for (const [says, ...args] of cases) {
    const told = await esxiImg(["check", ...common, ...args], { cwd });
    assert.match(told.stdout + told.stderr, says);
    assert.notEqual(told.code, 0);
    if (args.length === 0) continue;
    Deno.removeSync(folder.file("images/a.img.gz"));
    folder.write("meta/hosts/b/meta_data.json", JSON.stringify({ uuid: "u", hostname: "b" }));
    const built = await esxiImg(["build", ...common, ...args], { cwd });
    assert.match(built.stderr, says);
    assert.notEqual(built.code, 0);
    assert.deepEqual([...Deno.readDirSync(folder.file("images"))], []);
    folder.write("meta/hosts/b/meta_data.json", "{");
    folder.write("images/a.img.gz", "mine");
    assert.deepEqual(folder.names(), before);
  }
});
