import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { installerFiles } from "../support/installer_iso.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { SMALL, writeSampleIso } from "../support/sample_isos.ts";
import { readTree, sha256 } from "../support/trees.ts";

const text = (content: string) => new TextEncoder().encode(content);
const DISK = ["--install-disk", "--firstdisk=local"];

Deno.test("netboot: everything of the ISO in lower case, the loader beside boot.cfg", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  const files = [{ path: "MBOOT.C32", content: text("bios") }];
  await writeSampleIso(folder.file("esxi.iso"), undefined, { ...SMALL, files });
  const { stderr } = await mustEsxiImg(["netboot", "esxi.iso", "-o", "net/", ...DISK], { cwd });
  assert.match(stderr, /^net: ESXi 8\.0\.3 build 24280767, \d+ files, .* for network boot$/m);
  const tree = await readTree(folder.file("net"));
  for (const { path, content } of installerFiles({ ...SMALL, files })) {
    if (!/BOOT\.CFG$/.test(path)) assert.equal(tree[path], sha256(content as Uint8Array), path);
  }
  const names = [...Deno.readDirSync(folder.file("net"))].map(({ name }) => name);
  assert.ok(names.every((name) => name === name.toLowerCase()), names.join());
  assert.ok(!names.some((name) => name.startsWith(".")), "nothing of the writing is left");
  assert.equal(tree["MBOOT.EFI"], tree["EFI/BOOT/BOOTX64.EFI"]);
  assert.equal(tree["CRYPTO64.EFI"], tree["EFI/BOOT/CRYPTO64.EFI"]);
  const read = (path: string) => Deno.readTextFile(folder.file(`net/${path}`));
  assert.match(await read("boot.cfg"), /^modules=jumpstrt\.gz --- .* --- esxiimg\.tgz$/m);
  assert.match(await read("autoexec.ipxe"), /^#!ipxe\n[\s\S]*mboot\.efi -c boot\.cfg/);
  assert.match(await read("pxelinux.cfg/default"), /^ {2}KERNEL mboot\.c32$/m);
  assert.match(await read("readme-netboot.txt"), /dnsmasq[\s\S]*ISC dhcpd[\s\S]*iPXE/);
});

Deno.test("netboot: an installer for arm64 starts with its own loader, and DHCP is told so", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  const loader = "EFI/BOOT/BOOTAA64.EFI";
  await writeSampleIso(folder.file("arm.iso"), undefined, { ...SMALL, loader });
  await mustEsxiImg(["netboot", "arm.iso", "-o", "net", ...DISK], { cwd });
  const tree = await readTree(folder.file("net"));
  assert.ok(tree["MBOOT.EFI"] !== undefined);
  assert.equal(tree["MBOOT.EFI"], tree[loader]);
  assert.equal(tree["CRYPTO64.EFI"], tree["EFI/BOOT/CRYPTO64.EFI"]);
  const readme = await Deno.readTextFile(folder.file("net/readme-netboot.txt"));
  assert.match(readme, /client-arch,11\n[\s\S]*"PXEClient:Arch:00011"[\s\S]*client-arch,19\n/);
  assert.doesNotMatch(readme, /client-arch,7\n|Arch:00007/);
});

testWith(["tar"], "netboot: the archive on standard output is the folder", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  const args = ["netboot", "esxi.iso", ...DISK, "--prefix", "http://192.0.2.1/esxi/"];
  await mustEsxiImg([...args, "-o", "net"], { cwd });
  const { stdoutBytes } = await mustEsxiImg([...args, "-o", "-"], { cwd });
  folder.write("net.tar", stdoutBytes);
  await Deno.mkdir(folder.file("unpacked"));
  await mustRun("tar", ["-xf", "net.tar", "-C", "unpacked"], { cwd });
  const tree = await readTree(folder.file("net"));
  assert.deepEqual(await readTree(folder.file("unpacked")), tree);
  const again = await mustEsxiImg([...args, "-o", "-"], { cwd });
  assert.deepEqual(again.stdoutBytes, stdoutBytes, "the same inputs give the same bytes");
  for (const path of ["boot.cfg", "efi/boot/boot.cfg"]) {
    const cfg = await Deno.readTextFile(folder.file(`net/${path}`));
    assert.match(cfg, /^prefix=http:\/\/192\.0\.2\.1\/esxi$/m);
  }
});

Deno.test("netboot: a folder that holds an input is not replaced", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  await mustEsxiImg(["netboot", "esxi.iso", "-q", "-o", "net", ...DISK], { cwd });
  folder.write("net/id.v00", "\x7fELF");
  folder.write("net-x.v00", "\x7fELF");
  const build = ["netboot", "esxi.iso", "-q", "--force", "-o", "net", ...DISK, "--module"];
  const { code, stderr } = await esxiImg([...build, "net/id.v00"], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /^esxi-img: net: the same run reads net\/id\.v00, which lies in it; pass/m);
  assert.equal(await Deno.readTextFile(folder.file("net/id.v00")), "\x7fELF");
  await mustEsxiImg([...build, "net-x.v00"], { cwd });
});

Deno.test("netboot: after a kill between two names the old folder is back", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  const args = ["netboot", "esxi.iso", "-o", "net", ...DISK];
  await mustEsxiImg(args, { cwd });
  const tree = await readTree(folder.file("net"));
  const other = folder.file(`.net.${crypto.randomUUID()}.esxi-img-replaced`);
  const names = () => [...Deno.readDirSync(cwd)].map(({ name }) => name).toSorted();

  await Deno.rename(folder.file("net"), other);
  const { code, stderr } = await esxiImg(args, { cwd });
  assert.deepEqual([code, /net: the folder exists/.test(stderr)], [1, true], stderr);
  assert.deepEqual([names(), await readTree(folder.file("net"))], [["esxi.iso", "net"], tree]);

  await Deno.mkdir(other); // killed before the old one was removed
  await mustEsxiImg([...args, "--force"], { cwd });
  assert.deepEqual([names(), await readTree(folder.file("net"))], [["esxi.iso", "net"], tree]);
});

Deno.test("netboot: nobody's folder is replaced, and ours only with --force", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  const args = ["netboot", "esxi.iso", ...DISK, "-q", "-o"];
  await Deno.mkdir(folder.file("mine"));
  folder.write("mine/thesis", "x");
  const cases: readonly (readonly [says: RegExp, ...args: string[]])[] = [
    [/mine: the folder exists; pass --force/, "mine"],
    [/mine: the folder holds something else/, "mine", "--force"],
    [/esxi\.iso: it is no folder/, "esxi.iso", "--force"],
    [/absent.*no such file or folder/, "absent/net"],
  ];
  for (const [says, ...more] of cases) {
    const { code, stderr } = await esxiImg([...args, ...more], { cwd });
    assert.match(stderr, says);
    assert.equal(code, 1);
  }
  assert.equal(await Deno.readTextFile(folder.file("mine/thesis")), "x");
  await mustEsxiImg([...args, "net"], { cwd });
  folder.write("net/old", "x");
  assert.match((await esxiImg([...args, "net"], { cwd })).stderr, /net: the folder exists/);
  await mustEsxiImg([...args, "net", "--force"], { cwd });
  assert.ok(!("OLD" in await readTree(folder.file("net"))));
  assert.deepEqual(folder.names(), ["esxi.iso", "mine", "net"]);
});

Deno.test("netboot: the server's root as a prefix is none", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  for (
    const [name, ...prefix] of [["none"], ["root", "--prefix", "/"], ["two", "--prefix", "//"]]
  ) {
    await mustEsxiImg(["netboot", "esxi.iso", "-q", "-o", name!, ...DISK, ...prefix], { cwd });
    const cfg = await Deno.readTextFile(folder.file(`${name}/efi/boot/boot.cfg`));
    assert.match(cfg, /^kernel=\/b\.b00$/m);
    assert.deepEqual(await readTree(folder.file(name!)), await readTree(folder.file("none")));
  }
});

Deno.test("netboot: what cannot be served is refused, and what is dangerous is said", async () => {
  using folder = new Folder();
  const cwd = folder.path;
  const files = [{ path: "A.V00", content: text("a") }, { path: "a.v00", content: text("b") }];
  await writeSampleIso(folder.file("twice.iso"), undefined, { ...SMALL, files });
  await writeSampleIso(folder.file("esxi.iso"));
  const cases: readonly (readonly [code: number, says: RegExp, ...args: string[]])[] = [
    [1, /two files would be called \/a\.v00, in lower case/, "twice.iso", ...DISK],
    [
      1,
      /first disk that the installer finds; pass --install-disk/,
      "esxi.iso",
      "--strict",
      "--root-password-file",
      folder.write("pw", "Xyz-12345-q"),
    ],
    [2, /--prefix: "a b" is neither/, "esxi.iso", "--prefix", "a b"],
    [2, /--prefix: "C:\\\\x" has backslashes/, "esxi.iso", "--prefix", "C:\\x"],
    [2, /--prefix: "http:\/\/h\/a\?b" has a query/, "esxi.iso", "--prefix", "http://h/a?b"],
    [2, /--prefix: "http:\/\/h\/#a" has a query/, "esxi.iso", "--prefix", "http://h/#a"],
    [2, /--json: standard output/, "esxi.iso", "-o", "-", "--json"],
  ];
  for (const [code, says, ...args] of cases) {
    const output = args.includes("-o") ? [] : ["-o", "net"];
    const outcome = await esxiImg(["netboot", ...args, ...output], { cwd });
    assert.match(outcome.stderr, says);
    assert.ok(outcome.code === code || outcome.code === 2, `${outcome.code}: ${outcome.stderr}`);
  }
  assert.deepEqual(folder.names(), ["esxi.iso", "pw", "twice.iso"]);
});
