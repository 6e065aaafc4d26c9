/**
 * A PC with legacy BIOS starts a network tree through Debian's PXELINUX: it reads our configuration,
 * and what stands for mboot.c32 reads boot.cfg and every file that is named there.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { bootNetwork, machineStep, runAll } from "../support/qemu.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const PXELINUX = "/usr/lib/PXELINUX/pxelinux.0";
/** What PXELINUX 6 loads, and mboot.c32 needs. */
const LIBRARIES = ["ldlinux.c32", "libcom32.c32"]
  .map((name) => `/usr/lib/syslinux/modules/bios/${name}`);
const NEEDS = [
  ...["qemu-system-x86_64", "gcc", PXELINUX, ...LIBRARIES],
  "/usr/lib/ipxe/qemu/pxe-virtio.rom",
];
/** As modules of PXELINUX 6 have to be. */
const GCC = "-m32 -march=i386 -mregparm=3 -Os -ffreestanding -fno-stack-protector -fno-builtin " +
  "-fno-asynchronous-unwind-tables -fcf-protection=none -fPIC -fvisibility=hidden -shared " +
  "-nostdlib -Wall -Werror -Wl,--build-id=none,--hash-style=gnu,-z,norelro,-z,noexecstack," +
  "--omagic,--no-warn-rwx-segments,-e,main";
const SOURCE = fileURLToPath(new URL("mboot.c", import.meta.url));

/** QEMU's first network adapter as PXELINUX writes it, and its address as it looks for it. */
const OWN = "01-52-54-00-12-34-56";
const ADDRESSES = ["0A00020F", "0A00020", "0A0002", "0A000", "0A00", "0A0", "0A", "0"];

/** A way to serve a tree. */
interface Way {
  readonly name: string;
  /** Where PXELINUX lies in the server's folder; the tree is its folder `esxi`. */
  readonly loaderFolder: string;
  readonly options: readonly string[];
  /** Whether there is a folder for the machine. */
  readonly hasHost: boolean;
}

const WAYS: readonly Way[] = [
  { name: "beside the files", loaderFolder: "esxi/", options: [], hasHost: false },
  {
    name: "in the server's root, with a prefix",
    loaderFolder: "",
    options: ["--prefix", "esxi"],
    hasHost: false,
  },
  {
    name: "in the server's root, with a folder for the machine",
    loaderFolder: "",
    options: ["--prefix", "esxi", "--metadata", "md"],
    hasHost: true,
  },
];

async function makeServer(folder: Folder, iso: string, way: Way): Promise<string> {
  const root = folder.file(String(WAYS.indexOf(way)));
  await Deno.mkdir(root);
  const net = ["netboot", iso, "-o", `${root}/esxi`, "--install-disk", "--firstdisk"];
  await mustEsxiImg([...net, ...way.options], { cwd: folder.path });
  for (const file of [PXELINUX, ...LIBRARIES]) {
    await Deno.copyFile(file, `${root}/${way.loaderFolder}${file.split("/").at(-1)}`);
  }
  if (way.loaderFolder === "") {
    await mustRun("cp", ["-r", `${root}/esxi/pxelinux.cfg`, root]);
  }
  return root;
}

/** What was asked for by TFTP: read requests of RFC 1350 §5, in whatever frame. */
async function askedFor(capture: string): Promise<string[]> {
  const bytes = new TextDecoder("latin1").decode(await Deno.readFile(capture));
  // deno-lint-ignore no-control-regex -- zeros end the words of a request
  return [...bytes.matchAll(/\0\x01([!-~]+)\0octet\0/g)].map(([, path]) => path!);
}

testWith(NEEDS, "PXELINUX starts from the network", async (t) => {
  using folder = new Folder();
  await mustRun("gcc", [...GCC.split(" "), "-o", folder.file("mboot.c32"), SOURCE]);
  const loader = {
    path: "MBOOT.C32",
    content: await Deno.readFile(folder.file("mboot.c32")),
  };
  const iso = folder.file("esxi.iso");
  const small = { moduleCount: 12, modulesBytes: 300_000 };
  await writeSampleIso(iso, undefined, { ...small, files: [loader] });
  await Deno.mkdir(folder.file("md/hosts/one"), { recursive: true });
  const links = [{ id: "a", type: "phy", ethernet_mac_address: "52:54:00:12:34:56" }];
  folder.write("md/hosts/one/network_data.json", JSON.stringify({ links }));
  const roots = await Promise.all(WAYS.map((way) => makeServer(folder, iso, way)));
  const capture = (i: number) => folder.file(`${i}.pcap`);
  const results = runAll(WAYS, ({ loaderFolder }, i) =>
    bootNetwork({
      tftp: roots[i]!,
      file: `${loaderFolder}pxelinux.0`,
      isBios: true,
      capture: capture(i),
    }));
  for (const [i, { name, loaderFolder, hasHost, options }] of WAYS.entries()) {
    await machineStep(t, name, async () => {
      const said = await results[i]!;
      assert.match(said, /\nEND\n/, said.slice(-1000));
      const own = hasHost ? `${OWN}/` : "";
      const below = loaderFolder === "" ? "esxi/" : "";
      assert.deepEqual([...said.matchAll(/^ARGUMENT (.*)$/gm)].map(([, word]) => word), [
        ...[`${below}mboot.c32`, "-c", `${below}${own}boot.cfg`, `BOOTIF=${OWN}`],
      ]);
      const cfg = await Deno.readTextFile(`${roots[i]}/esxi/${own}boot.cfg`);
      const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(cfg)![1]!;
      assert.equal(value("prefix"), options[1] ?? "");
      const paths = [value("kernel"), ...value("modules").split(" --- ")];
      assert.equal(paths.includes(`${own}hostmeta.tgz`), hasHost);
      const files = paths.map((path) => {
        const bytes = Deno.readFileSync(`${roots[i]}/esxi/${path}`);
        const crc = crc32(bytes).toString(16).padStart(8, "0");
        return `${below}${path} ${bytes.length} ${crc}`;
      });
      assert.deepEqual([...said.matchAll(/^READ (.*)$/gm)].map(([, file]) => file), files);
      const configurations = hasHost ? [OWN] : [OWN, ...ADDRESSES, "default"];
      assert.deepEqual(
        (await askedFor(capture(i))).filter((path) => path.includes("pxelinux.cfg/")),
        configurations.map((one) => `${loaderFolder}pxelinux.cfg/${one}`),
      );
    });
  }
});
