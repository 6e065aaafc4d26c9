/**
 * Real firmware loads the boot loader of a network tree by TFTP and by HTTP, by itself and through
 * iPXE, and the loader reads every file from the server.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, testWith } from "../support/programs.ts";
import {
  BOOT_NEEDS,
  bootNetwork,
  type BootServer,
  hashList,
  machineStep,
  makeNetworkGrub,
  runAll,
} from "../support/qemu.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { readTree, sorted, type Tree } from "../support/trees.ts";

const NEEDS = [...BOOT_NEEDS, "busybox", "python3", "/usr/lib/ipxe/qemu/efi-virtio.rom"];
/** Of QEMU's first network adapter. */
const QEMU_MAC = "52:54:00:12:34:56";
const OWN_FOLDER = `01-${QEMU_MAC.replaceAll(":", "-")}`;
/** How a machine gets at the loader; `web` is the port of a web server. */
type Way = (tree: string, web: number) => BootServer;
const WAYS: readonly (readonly [name: string, protocol: "tftp" | "http", way: Way])[] = [
  ["UEFI, TFTP", "tftp", (tftp) => ({ tftp, file: "mboot.efi" })],
  ["iPXE, TFTP", "tftp", (tftp) => ({ tftp, file: "autoexec.ipxe", hasIpxe: true })],
  ["UEFI, HTTP", "http", (_, webPort) => (
    { webPort, uri: `http://10.0.2.2:${webPort}/mboot.efi` }
  )],
  ["iPXE, HTTP", "http", (_, webPort) => (
    { webPort, file: `http://10.0.2.2:${webPort}/autoexec.ipxe`, hasIpxe: true }
  )],
];

/** Makes a tree whose loader is a GRUB, and the list that it reads. */
async function makeTree(folder: Folder, protocol: "tftp" | "http"): Promise<string> {
  const iso = folder.file(`${protocol}.iso`);
  const tree = folder.file(protocol);
  const loader = { path: "EFI/BOOT/BOOTX64.EFI", content: await makeNetworkGrub(protocol) };
  const small = { moduleCount: 12, modulesBytes: 300_000 };
  await writeSampleIso(iso, undefined, { ...small, files: [loader] });
  const host = folder.file("md/hosts/one");
  await Deno.mkdir(host, { recursive: true });
  const links = [{ id: "a", type: "phy", ethernet_mac_address: QEMU_MAC }];
  await Deno.writeTextFile(`${host}/network_data.json`, JSON.stringify({ links }));
  const metadata = ["--metadata", folder.file("md")];
  await mustEsxiImg(["netboot", iso, "-o", tree, "--install-disk", "--firstdisk", ...metadata]);
  const paths = Object.keys(await readTree(tree)).map((path) => path.toLowerCase());
  const list = hashList(paths.filter((path) => path !== "empty.txt"));
  await Deno.writeTextFile(`${tree}/hashes.cfg`, list);
  return tree;
}

/** Serves a folder by HTTP on the loopback address, and logs what is asked for. */
async function serve(
  folder: string,
  log: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const words = "-u -m http.server 0 --bind 127.0.0.1 --directory";
  const script = 'exec python3 $1 "$2" 2>"$3"';
  const args = ["-c", script, "sh", words, folder, log];
  const child = new Deno.Command("sh", {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!/ port \d+ /.test(said)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the web server has ended: ${said}`);
    said += value;
  }
  return {
    port: Number(/ port (\d+) /.exec(said)![1]),
    async [Symbol.asyncDispose]() {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}

/** What a loader said of the files: a hash and a place, broken where the line is full. */
function filesRead(said: string): Tree {
  const found = [...said.matchAll(/([0-9a-f]{64})\s+\(\w+,[\d.]+\)\/(\S+)/g)];
  return sorted(Object.fromEntries(found.map(([, hash, path]) => [path!.toUpperCase(), hash!])));
}

testWith(NEEDS, "firmware starts from the network", async (t) => {
  using folder = new Folder();
  const trees = {
    tftp: await makeTree(folder, "tftp"),
    http: await makeTree(folder, "http"),
  };
  const log = folder.file("web.log");
  await using web = await serve(trees.http, log);
  const results = runAll(
    WAYS,
    ([, protocol, way]) => bootNetwork(way(trees[protocol], web.port)),
  );
  for (const [i, [name, protocol]] of WAYS.entries()) {
    await machineStep(t, name, async () => {
      const said = await results[i]!;
      assert.match(said, /BEGIN[\s\S]*\nEND\n/, said.slice(-500));
      const { "HASHES.CFG": _list, "EMPTY.TXT": _empty, ...expected } = await readTree(
        trees[protocol],
      );
      assert.deepEqual(filesRead(said), expected);
      assert.equal(expected["MBOOT.EFI"], expected["EFI/BOOT/BOOTX64.EFI"]);
      assert.ok(expected[`${OWN_FOLDER}/HOSTMETA.TGZ`]);
    });
  }
  await t.step("iPXE's script finds the folder of the machine", async () => {
    await Promise.all(results);
    const asked = await Deno.readTextFile(log);
    // Once by the script, and as often as GRUBs read all files.
    const own = asked.split("\n").filter((line) => line.includes(`GET /${OWN_FOLDER}/boot.cfg `));
    const others = asked.split("\n").filter((line) => line.includes("GET /efi/boot/boot.cfg "));
    assert.equal(own.length, others.length + 1, asked);
  });
});
