/**
 * The commands kickstart and payload, and make.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { unpack, unpackFromImage } from "../support/inside.ts";
import { esxiImg, mustEsxiImg, mustRun, run, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const NEEDED = ["tar", "find", "mtype"];
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("kickstart: complete, the same on standard output and in a file", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  const { stdout, stderr } = await mustEsxiImg(["kickstart"], { cwd });
  assert.equal(stderr, "");
  for (const line of ["vmaccepteula", "reboot", "%include /tmp/esxiimg/rootpw"]) {
    assert.match(stdout, new RegExp(`^${line}$`, "m"));
  }
  for (const section of ["%pre", "%post", "%firstboot"]) {
    assert.match(stdout, new RegExp(`^${section} --interpreter=busybox`, "m"));
  }
  await mustEsxiImg(["kickstart", "-o", "ks.cfg"], { cwd });
  assert.equal(await Deno.readTextFile(folder.file("ks.cfg")), stdout);
  assert.equal((await esxiImg(["kickstart", "-o", "ks.cfg"], { cwd })).code, 1);
  await mustEsxiImg(["kickstart", "-o", "ks.cfg", "--force"], { cwd });
});

Deno.test("kickstart --kickstart-as-is: byte for byte, on standard output too", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  const kickstart = Uint8Array.of(...new TextEncoder().encode("dryrun\r\n# "), 0xe4, 0xff, 0x41);
  folder.write("my.cfg", kickstart);
  const args = ["kickstart", "--kickstart-as-is", "my.cfg"];
  const { stdoutBytes } = await mustEsxiImg(args, { cwd });
  assert.deepEqual(stdoutBytes, kickstart);
  await mustEsxiImg([...args, "-o", "out.cfg"], { cwd });
  assert.deepEqual(await Deno.readFile(folder.file("out.cfg")), kickstart);
});

testWith(
  [...NEEDED, "bash", "busybox"],
  "what kickstart's shell scripts are is shell",
  async () => {
    const { stdout } = await mustEsxiImg(["kickstart"]);
    const sections = stdout.split(/^%(?:pre|post|firstboot) .*$/m).slice(1);
    assert.equal(sections.length, 3);
    for (const section of sections) await mustRun("busybox", ["ash", "-n", "-c", section]);
  },
);

testWith(NEEDED, "payload: what is in it, how it is packed", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  const { stdout, stderr } = await mustEsxiImg(["payload"], { cwd });
  assert.deepEqual([stdout, folder.names()], ["", ["esxiimg.tgz"]]);
  assert.match(stderr, /^warning: --root-password-file: nobody could log in: .*\n$/);
  const piped = await mustEsxiImg(["payload", "-o", "-"], { cwd });
  assert.deepEqual(piped.stdoutBytes, await Deno.readFile(folder.file("esxiimg.tgz")));
  await mustRun("gzip", ["-t", folder.file("esxiimg.tgz")]);
  const files = await unpack(folder.file("esxiimg.tgz"));
  assert.deepEqual(text(files["esxiimg/KS.CFG"]!), (await mustEsxiImg(["kickstart"])).stdout);
  assert.ok(Object.keys(files).some((path) => path.startsWith("esxiimg/hostconf/")));
  assert.ok(!Object.keys(files).some((path) => /curtin|__pycache__|README/.test(path)));

  const listing = (await mustRun("tar", ["tvzf", folder.file("esxiimg.tgz")])).stdout;
  const lines = listing.trim().split("\n");
  assert.match(lines[0]!, /^drwxr-xr-x 0\/0 .* esxiimg\/$/);
  const seen = new Set<string>();
  for (const line of lines) {
    assert.match(line, /^(drwxr-xr-x|-rw-r--r--) 0\/0 /, "owned by root, no program");
    const path = line.split(" ").at(-1) ?? "";
    const parent = path.replace(/[^/]*\/?$/, "");
    assert.ok(parent === "" || seen.has(parent), `${parent} comes before ${path}`);
    seen.add(path);
  }
  const { stdoutBytes: tar } = await mustRun("zcat", [folder.file("esxiimg.tgz")]);
  assert.equal(text(tar.subarray(257, 265)), "ustar  \0", "old GNU tar");
});

testWith(NEEDED, "payload, then build --payload, gives what build gives by itself", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  folder.write("ks.cfg", "vmaccepteula\n");
  await mustEsxiImg(["payload", "-k", "ks.cfg"], { cwd });
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "a.img", "--payload", "esxiimg.tgz"], { cwd });
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "b.img", "-k", "ks.cfg"], { cwd });
  const a = await unpackFromImage(folder.file("a.img"));
  const b = await unpackFromImage(folder.file("b.img"));
  assert.deepEqual(Object.keys(a), Object.keys(b));
  for (const path of Object.keys(a).filter((path) => !path.endsWith("image.json"))) {
    assert.deepEqual(a[path], b[path], path);
  }
});

testWith(
  [...NEEDED, "sgdisk"],
  "build --payload: the disk has the GUID that the payload looks for",
  async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    await writeSampleIso(folder.file("in.iso"));
    const guids = [];
    for (const disk of ["--firstdisk=local", "--firstdisk=usb"]) {
      await mustEsxiImg(["payload", "-o", "p.tgz", "--force", "--install-disk", disk], { cwd });
      const build = ["build", "in.iso", "-q", "-o", "a.img", "--force", "--payload", "p.tgz"];
      await mustEsxiImg(build, { cwd });
      const payload = await unpackFromImage(folder.file("a.img"));
      const { disk_guid } = JSON.parse(text(payload["esxiimg/image.json"]!));
      const table = await mustRun("sgdisk", ["-p", folder.file("a.img")]);
      assert.ok(table.stdout.includes(`Disk identifier (GUID): ${disk_guid}`));
      guids.push(disk_guid);
    }
    assert.notEqual(guids[0], guids[1]);
  },
);

testWith(["make", "zcat"], "make ISO=…, as with packer-maas", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  const makefile = `${import.meta.dirname}/../../Makefile`;
  const project = makefile.replace(/\/Makefile$/, "");
  await writeSampleIso(folder.file("in.iso"));
  const make = ["-s", "-C", project, `ISO=${cwd}/in.iso`, `IMAGE=${cwd}/vmware-esxi.dd.gz`];
  await mustRun("make", make);
  await mustEsxiImg(["verify", "vmware-esxi.dd.gz", "--iso", "in.iso"], { cwd });
  await mustRun("make", [...make, "clean"]);
  assert.deepEqual(folder.names(), ["in.iso"]);
  // Its other spelling: the target is the file, the ISO comes from the environment.
  const other = ["-s", "-C", project, "vmware-esxi.dd.gz", `IMAGE=${cwd}/vmware-esxi.dd.gz`];
  await mustRun("make", other, { env: { VMWARE_ESXI_ISO_PATH: `${cwd}/in.iso` } });
  await mustEsxiImg(["verify", "vmware-esxi.dd.gz", "--iso", "in.iso"], { cwd });
  const nothing = await run("make", ["-s", "-C", project], { env: { VMWARE_ESXI_ISO_PATH: "" } });
  assert.match(nothing.stderr, /usage: make ISO=/);
});
