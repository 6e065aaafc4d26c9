/**
 * The metadata of many hosts in one payload, found again by the guest code.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { unpack } from "../support/inside.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";

const HOSTS = 1000;
const PICKED = [0, 1, 255, 256, 499, 750, 999];

const nameOf = (host: number) => `esx-${String(host).padStart(4, "0")}`;
const macOf = (host: number) =>
  `02:00:5e:00:${(host >> 8).toString(16).padStart(2, "0")}:${
    (host & 255).toString(16).padStart(2, "0")
  }`;

function writeHost(folder: Folder, host: number): void {
  const links = [{ id: "nic", type: "phy", ethernet_mac_address: macOf(host) }];
  const networks = [{ id: "n", link: "nic", type: "ipv4_dhcp" }];
  const place = `rack/hosts/${nameOf(host)}`;
  Deno.mkdirSync(folder.file(place), { recursive: true });
  folder.write(`${place}/meta_data.json`, JSON.stringify({ hostname: nameOf(host) }));
  folder.write(`${place}/network_data.json`, JSON.stringify({ links, networks }));
}

const nicList = (mac: string) =>
  "Name    PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n" +
  "------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n" +
  `vmnic0  0000:01:00.0  x       Up            Up           10000  Full    ${mac}  1500  port\n`;

testWith(
  ["tar", "python3"],
  "hosts: a thousand in one payload; each machine finds its own",
  async () => {
    using folder = new Folder();
    for (let host = 0; host < HOSTS; host++) writeHost(folder, host);
    const { path: cwd } = folder;
    await mustEsxiImg(["payload", "--metadata", "rack", "-o", "rack.tgz"], { cwd });
    await mustEsxiImg(["payload", "-o", "none.tgz"], { cwd });
    const size = (name: string) => Deno.statSync(folder.file(name)).size;
    const bytesEach = (size("rack.tgz") - size("none.tgz")) / HOSTS;
    assert.ok(bytesEach < 4096, `${bytesEach} bytes for a host`);
    assert.equal(Deno.statSync(folder.file("rack.tgz")).mode! & 0o777, 0o600);
    await mustRun("tar", ["xzf", "rack.tgz"], { cwd });
    for (const host of PICKED) {
      folder.write("nics.txt", nicList(macOf(host)));
      const args = [
        "-m",
        "hostconf",
        "plan",
        "--metadata",
        "esxiimg/metadata",
        "--nics",
        "nics.txt",
      ];
      const env = { PYTHONPATH: "esxiimg", PYTHONDONTWRITEBYTECODE: "1" };
      const { stdout } = await mustRun("python3", [...args, "--image-password"], { cwd, env });
      assert.match(stdout, new RegExp(`hostname set --host=${nameOf(host)}\n`));
    }
  },
);

testWith(["find"], "hosts: what cannot be told apart or read is refused in one line", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  const refuse = async (line: RegExp) => {
    const args = ["payload", "--metadata", "rack", "-o", "rack.tgz", "--force"];
    const { code, stderr } = await esxiImg(args, { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, line);
  };
  writeHost(folder, 1);
  writeHost(folder, 2);
  await mustEsxiImg(["payload", "--metadata", "rack", "-o", "rack.tgz"], { cwd });
  const files = await unpack(folder.file("rack.tgz"));
  assert.ok(files["esxiimg/metadata/hosts/esx-0002/meta_data.json"]);
  folder.write("rack/hosts/esx-0002/network_data.json", JSON.stringify({ links: [] }));
  await refuse(/hosts\/esx-0002: its metadata names no MAC/);
  folder.write(
    "rack/hosts/esx-0002/network_data.json",
    JSON.stringify({ links: [{ type: "phy", ethernet_mac_address: macOf(1).toUpperCase() }] }),
  );
  await refuse(/hosts\/esx-0002: the MAC .* is that of the host esx-0001, too/);
  writeHost(folder, 2);
  Deno.mkdirSync(folder.file("rack/hosts/odd name"));
  folder.write("rack/hosts/odd name/meta_data.json", "{}");
  await refuse(/hosts\/odd name: its name cannot be a host's/);
  Deno.removeSync(folder.file("rack/hosts/odd name"), { recursive: true });
  Deno.mkdirSync(folder.file("rack/hosts/empty"));
  await refuse(/hosts\/empty: it holds none of meta_data.json/);
  Deno.removeSync(folder.file("rack/hosts/empty"));
  folder.write("rack/meta_data.json", "{}");
  await refuse(/rack: it holds metadata of its own, and of hosts/);
});

testWith(["find"], "hosts: a link to a folder is a host, and one to nothing is said", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  writeHost(folder, 1);
  writeHost(folder, 2);
  Deno.renameSync(folder.file("rack/hosts/esx-0002"), folder.file("elsewhere"));
  Deno.symlinkSync("../../elsewhere", folder.file("rack/hosts/esx-0002"));
  folder.write("rack/hosts/readme.txt", "no host");
  Deno.symlinkSync("readme.txt", folder.file("rack/hosts/link.txt"));
  const args = ["payload", "--metadata", "rack", "-o", "rack.tgz"];
  await mustEsxiImg(args, { cwd });
  const files = await unpack(folder.file("rack.tgz"));
  assert.ok(files["esxiimg/metadata/hosts/esx-0002/meta_data.json"]);
  assert.equal(Object.keys(files).filter((path) => /hosts\/[^/]+\/meta_data/.test(path)).length, 2);

  folder.write("elsewhere/plan", "");
  const into = [...args.slice(0, -1), "elsewhere/meta_data.json", "--force"];
  const { code, stderr } = await esxiImg(into, { cwd });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /elsewhere\/meta_data\.json: the same run reads or writes it/);

  for (const [target, line] of [["nowhere", "esx-0003"], [".", "esx-0003"]] as const) {
    Deno.symlinkSync(target, folder.file("rack/hosts/esx-0003"));
    const { code, stderr } = await esxiImg([...args, "--force"], { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`hosts/${line}: it holds none of meta_data\\.json`));
    Deno.removeSync(folder.file("rack/hosts/esx-0003"));
  }
});
