/**
 * The options of build, as their users give them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Folder } from "../support/folder.ts";
import {
  bootCfgValue,
  moduleNamed,
  readFromImage,
  readTextFromImage,
  unpackFromImage,
} from "../support/inside.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { sha256, sha256OfFile } from "../support/trees.ts";

const NEEDED = ["mtype", "tar", "find"];
const KEYS = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMwCHH0TBaOfJSd4sdQ5gwsm7j/UwAXxaJnI06ctNuO me@host",
  'from="10.0.0.0/8" ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLPkGEDWipvI6un7KXTvOvb4hG8ZYXAzR7yvta3b68hpG9el4Hr+U/iz/E6WcHgy6GQq2+iYO83MDeFYMIBWkxc= you',
];
const GUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  return folder;
}

/** Builds out.img in the folder. */
async function build(folder: Folder, ...options: string[]): Promise<string> {
  const args = ["build", "in.iso", "-o", "out.img", "--force", "-q", ...options];
  const { stdout, stderr } = await mustEsxiImg(args, { cwd: folder.path });
  assert.deepEqual([stdout, stderr], ["", ""]);
  return folder.file("out.img");
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

testWith(NEEDED, "without options: metadata brings password and keys", async () => {
  using folder = await withIso();
  const image = await build(folder);
  const payload = await unpackFromImage(image);
  const kickstart = text(payload["esxiimg/KS.CFG"]!);
  assert.match(kickstart, /^vmaccepteula$/m);
  assert.match(kickstart, /^install --firstdisk --overwritevmfs$/m);
  assert.doesNotMatch(kickstart, /iscrypted/);
  const { disk_guid, ...facts } = JSON.parse(text(payload["esxiimg/image.json"]!));
  assert.match(disk_guid, GUID);
  const { stdout } = await mustRun("sgdisk", ["-p", image]);
  assert.ok(stdout.includes(disk_guid), "it is the GUID of the disk");
  const none = { install_disk: null, root_password_hash: null, ssh_keys: [] };
  const ours = { network: false, command: "install", includes: [], pre: [] };
  assert.deepEqual(facts, { format: 1, ...none, kickstart: ours });
});

testWith(NEEDED, "--ssh-key and --install-disk, its value with leading dashes", async () => {
  using folder = await withIso();
  folder.write("id.pub", `# ours\n${KEYS.join("\n")}\n`);
  const disk = "--disk=mpx.vmhba0:C0:T0:L0 --overwritevmfs";
  for (const option of [["--install-disk", disk], [`--install-disk=${disk}`]]) {
    const payload = await unpackFromImage(await build(folder, "--ssh-key", "id.pub", ...option));
    assert.match(text(payload["esxiimg/KS.CFG"]!), new RegExp(`^install ${disk}$`, "m"));
    const facts = JSON.parse(text(payload["esxiimg/image.json"]!));
    assert.deepEqual([facts.ssh_keys, facts.install_disk], [KEYS, disk]);
  }
});

testWith(NEEDED, "--require-metadata and --allow-ed25519 are told to the guest", async () => {
  using folder = await withIso();
  const payload = await unpackFromImage(
    await build(folder, "--require-metadata", "--allow-ed25519"),
  );
  const facts = JSON.parse(text(payload["esxiimg/image.json"]!));
  assert.deepEqual([facts.require_metadata, facts.allow_ed25519], [true, true]);
});

testWith(NEEDED, "--kickstart-as-is: the kickstart byte for byte", async () => {
  using folder = await withIso();
  // Latin-1, UTF-8, CRLF and no last line end.
  const kickstart = new Uint8Array([
    ...new TextEncoder().encode("vmaccepteula\r\n# Grüße 🚀\r\n"),
    ...[0x23, 0xe4, 0xf6, 0xfc, 0xff, 0x0a],
    ...new TextEncoder().encode("reboot"),
  ]);
  folder.write("my.cfg", kickstart);
  const payload = await unpackFromImage(await build(folder, "--kickstart-as-is", "my.cfg"));
  assert.deepEqual(payload["esxiimg/KS.CFG"], kickstart);
  assert.equal(JSON.parse(text(payload["esxiimg/image.json"]!)).kickstart, undefined);
});

testWith(
  NEEDED,
  "-k: the kickstart is merged, its %pre scripts are files of the payload",
  async () => {
    using folder = await withIso();
    const script = "import os\nprint('\xe4')\n";
    folder.write(
      "my.cfg",
      `keyboard German\nrootpw x1-X2-x3\n%pre --interpreter=python\n${script}`,
    );
    const payload = await unpackFromImage(await build(folder, "-k", "my.cfg"));
    const kickstart = text(payload["esxiimg/KS.CFG"]!);
    for (
      const line of ["vmaccepteula", "keyboard German", "rootpw x1-X2-x3", "sh /esxiimg/pre.sh"]
    ) {
      assert.match(kickstart, new RegExp(`^${line}$`, "m"));
    }
    assert.equal(text(payload["esxiimg/theirs/pre1.py"]!), script);
    const { kickstart: facts } = JSON.parse(text(payload["esxiimg/image.json"]!));
    assert.deepEqual(facts.pre, [{ file: "theirs/pre1.py", interpreter: "python" }]);
    assert.deepEqual([facts.network, facts.command], [false, "install"]);
  },
);

testWith(NEEDED, "--payload: the payload byte for byte", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await mustEsxiImg(["payload", "-o", "p.tgz", "--install-disk", "--firstdisk=local"], { cwd });
  const image = await build(folder, "--payload", "p.tgz");
  assert.deepEqual(await readFromImage(image, "esxiimg.tgz"), Deno.readFileSync(`${cwd}/p.tgz`));
});

testWith(NEEDED, "--payload that the boot loader or the kickstart could not use", async (t) => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await mustEsxiImg(["payload", "-o", "good.tgz"], { cwd });
  const good = Deno.readFileSync(folder.file("good.tgz"));
  const cases: Record<string, [Uint8Array, RegExp]> = {
    "text": [moduleNamed("x"), /not a gzipped tar/],
    "empty": [new Uint8Array(0), /not a gzipped tar|no esxiimg\/KS\.CFG/],
    "a gzipped text": [new Uint8Array(gzipSync("hello")), /not a gzipped tar/],
    "trailing zeros": [new Uint8Array([...good, 0, 0, 0, 0]), /exactly one gzip member/],
    "two members": [new Uint8Array([...good, ...good]), /exactly one gzip member/],
    "cut short": [good.slice(0, -100), /exactly one gzip member/],
  };
  for (const [title, [content, says]] of Object.entries(cases)) {
    await t.step(title, async () => {
      folder.write("bad.tgz", content);
      const args = ["build", "in.iso", "-o", "out.img", "--payload", "bad.tgz"];
      assertRefused(await esxiImg(args, { cwd }), {
        names: "bad.tgz",
        says,
        advises: /^make one with: esxi-img payload$|^compress it again with gzip$/,
      });
      assert.deepEqual(folder.names(), ["bad.tgz", "good.tgz", "in.iso"]);
    });
  }
});

testWith(NEEDED, "--module and --kernelopt, more than once", async () => {
  using folder = await withIso();
  folder.write("net-drv.v00", moduleNamed("net"));
  await Deno.mkdir(folder.file("sub"));
  folder.write("sub/more.tgz", new Uint8Array(gzipSync(moduleNamed("more"))));
  const image = await build(
    folder,
    ...["--module", "net-drv.v00", "--module", "sub/more.tgz"],
    ...["--kernelopt", "systemMediaSize=min", "--kernelopt", "--dashed"],
  );
  assert.deepEqual(await readFromImage(image, "net-drv.v00"), moduleNamed("net"));
  for (const path of ["BOOT.CFG", "EFI/BOOT/BOOT.CFG"]) {
    const cfg = await readTextFromImage(image, path);
    assert.match(
      bootCfgValue(cfg, "modules"),
      / --- \/imgpayld\.tgz --- \/esxiimg\.tgz --- \/net-drv\.v00 --- \/more\.tgz$/,
    );
    const options = bootCfgValue(cfg, "kernelopt");
    assert.match(options, /^runweasel cdromBoot .*systemMediaSize=min --dashed/);
    assert.match(options, / ks=file:\/\/\/esxiimg\/KS\.CFG( |$)/);
  }
  const { path: cwd } = folder;
  folder.write("B.B00", moduleNamed("not the ISO's"));
  const taken = await esxiImg(["build", "in.iso", "-o", "x.img", "--module", "B.B00"], { cwd });
  assertRefused(taken, {
    names: "in.iso",
    says: /holds a \/B\.B00 already/,
    advises: /other names/,
  });
});

testWith(NEEDED, "--metadata: a folder, or the root of a config drive", async () => {
  using folder = await withIso();
  await Deno.mkdir(folder.file("drive/openstack/latest"), { recursive: true });
  await Deno.mkdir(folder.file("flat"));
  const files = { "meta_data.json": '{"uuid": "1"}', "user_data": "#cloud-config\n\xe4\n" };
  for (const place of ["drive/openstack/latest", "flat"]) {
    for (const [name, content] of Object.entries(files)) {
      folder.write(`${place}/${name}`, content);
      folder.write(`${place}/other`, "not for the host");
    }
  }
  for (const metadata of ["drive", "flat", "flat/", "drive/openstack/latest"]) {
    const payload = await unpackFromImage(await build(folder, "--metadata", metadata));
    const found = Object.entries(payload).filter(([path]) => path.includes("/metadata/"))
      .map(([path, bytes]) => [path.replace("esxiimg/metadata/", ""), text(bytes)]);
    assert.deepEqual(Object.fromEntries(found), files);
  }
});

testWith([...NEEDED, "sgdisk"], "--free, --size, --label and --seed", async () => {
  using folder = await withIso();
  const MIB = 1024 ** 2;
  const inspect = async (image: string) =>
    JSON.parse((await mustEsxiImg(["inspect", "--json", image])).stdout);
  const small = await inspect(await build(folder, "--free", "0"));
  const large = await inspect(await build(folder, "--free", "200MiB", "--label", "DATA_1-X"));
  assert.ok(small.fileSystem.freeBytes >= 0);
  assert.ok(large.fileSystem.freeBytes >= 200 * MIB && large.fileSystem.freeBytes < 210 * MIB);
  assert.equal(large.fileSystem.label, "DATA_1-X");
  assert.equal(small.fileSystem.label, "ESXI");
  assert.match((await mustRun("mdir", ["-i", `${folder.file("out.img")}@@1M`])).stdout, /DATA_1-X/);

  for (const [size, bytes] of [["300M", 300 * MIB], ["0.5GB", 500e6], ["314572800", 300 * MIB]]) {
    await build(folder, "--size", size as string);
    const found = (await Deno.stat(folder.file("out.img"))).size;
    assert.ok(found <= Number(bytes) && found > Number(bytes) - MIB, `${size}: ${found}`);
    await mustRun("sgdisk", ["-v", folder.file("out.img")]);
  }

  const guidOf = async (...options: string[]) =>
    (await inspect(await build(folder, ...options))).diskGuid;
  const seeded = await guidOf("--seed", "rack 7");
  assert.match(seeded, GUID);
  assert.equal(await guidOf("--seed", "rack 7", "--free", "65M"), seeded);
  assert.notEqual(await guidOf("--seed", "rack 8"), seeded);
});

Deno.test("the output's default name is the ISO's, in the current folder", async () => {
  using folder = await withIso();
  await Deno.mkdir(folder.file("sub"));
  await Deno.rename(folder.file("in.iso"), folder.file("sub/ESXi-8.0U3.ISO"));
  const { path: cwd } = folder;
  for (const more of [[], ["-f", "raw"], ["-f", "qcow2"]]) {
    await mustEsxiImg(["build", "sub/ESXi-8.0U3.ISO", "-q", ...more], { cwd });
  }
  assert.deepEqual(folder.names(), [
    "ESXi-8.0U3.img",
    "ESXi-8.0U3.img.gz",
    "ESXi-8.0U3.qcow2",
    "sub",
  ]);
  await mustRun("gzip", ["-t", folder.file("ESXi-8.0U3.img.gz")]);
});

testWith(["zcat"], "an output is what its suffix says, or -f", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const raw = await sha256OfFile(await build(folder));
  for (const name of ["a.img", "a.raw", "a.dd", "A.DD"]) {
    await mustEsxiImg(["build", "in.iso", "-q", "-o", name], { cwd });
    assert.equal(await sha256OfFile(folder.file(name)), raw);
  }
  for (const [name, ...more] of [["a.gz"], ["a.dd.gz"], ["a.bin", "-f", "gz"]]) {
    await mustEsxiImg(["build", "in.iso", "-q", "-o", name!, ...more], { cwd });
    const { stdoutBytes } = await mustRun("zcat", ["-f", folder.file(name!)]);
    assert.equal(sha256(stdoutBytes), raw);
  }
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "odd.gz", "-f", "raw"], { cwd });
  assert.equal(await sha256OfFile(folder.file("odd.gz")), raw);
});

Deno.test("--verify notices nothing wrong, and verify notices each byte", async (t) => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const { stderr } = await mustEsxiImg(["build", "in.iso", "-o", "out.img", "--verify"], { cwd });
  assert.match(stderr, /, verified\n/);
  const verify = async () => await esxiImg(["verify", "out.img", "--iso", "in.iso"], { cwd });
  assert.equal((await verify()).code, 0);
  const { size } = await Deno.stat(folder.file("out.img"));
  // In the protective MBR, both partition tables and the boot sector.
  const places = { mbr: 450, gpt: 512 + 20, entries: 1024 + 8, boot: 1024 ** 2 + 13 };
  const ends = { backup: size - 512 + 20, backupEntries: size - 33 * 512 + 8 };
  for (const [title, at] of Object.entries({ ...places, ...ends })) {
    await t.step(title, async () => {
      await flipByte(folder.file("out.img"), at);
      const { code, stderr } = await verify();
      assert.equal(code, 1);
      assert.match(stderr, /^(esxi-img: out\.img: [^\n]+\n)+$/);
      await flipByte(folder.file("out.img"), at);
    });
  }
  assert.equal((await verify()).code, 0);
});

async function flipByte(path: string, at: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(at, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0xff;
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(byte);
}
