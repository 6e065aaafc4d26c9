import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { SMALL, writeSampleIso } from "../support/sample_isos.ts";

const NETBOOT = ["netboot", "esxi.iso", "-o", "net", "--install-disk", "--firstdisk=local"];

/** A rack: `a` has two NICs and a bond over them, `b` one, `c` is known by its UUID alone. */
async function rack(): Promise<Folder> {
  const folder = new Folder();
  const files = [{ path: "MBOOT.C32", content: new TextEncoder().encode("bios") }];
  await writeSampleIso(folder.file("esxi.iso"), undefined, { ...SMALL, files });
  folder.write("pw", "Example#Pass-77\n");
  const macs = {
    a: ["02:00:5E:00:53:0A", "02-00-5e-00-53-0b"],
    b: ["02:00:5e:00:53:11"],
    c: [],
  };
  for (const [host, list] of Object.entries(macs)) {
    Deno.mkdirSync(folder.file(`md/hosts/${host}`), { recursive: true });
    const uuid = `00000000-0000-4000-8000-00000000000${host}`;
    folder.write(
      `md/hosts/${host}/meta_data.json`,
      JSON.stringify({ uuid, hostname: `esx-${host}.example.net` }),
    );
    if (list.length === 0) continue;
    const links = list.map((mac, i) => ({ id: `${i}`, type: "phy", ethernet_mac_address: mac }));
    const bond = { id: "bond", type: "bond", ethernet_mac_address: "02:00:5e:00:53:ff" };
    folder.write(
      `md/hosts/${host}/network_data.json`,
      JSON.stringify({ links: [...links, bond], networks: [], services: [] }),
    );
  }
  return folder;
}

const OPTIONS = ["--metadata", "md", "--root-password-file", "pw"];

testWith(["tar"], "netboot: a folder for each MAC, with the host's metadata alone", async () => {
  using folder = await rack();
  const cwd = folder.path;
  await mustEsxiImg([...NETBOOT, ...OPTIONS, "--prefix", "http://192.0.2.1/esxi"], { cwd });
  const names = [...Deno.readDirSync(folder.file("net"))].map(({ name }) => name);
  const folders = names.filter((name) => name.startsWith("01-")).toSorted();
  assert.deepEqual(folders, [
    "01-02-00-5e-00-53-0a",
    "01-02-00-5e-00-53-0b",
    "01-02-00-5e-00-53-11",
  ]);
  const read = (path: string) => Deno.readTextFileSync(folder.file(`net/${path}`));
  const all = read("boot.cfg");
  for (const [own, module] of [[folders[0], folders[0]], [folders[1], folders[0]]]) {
    assert.equal(
      read(`${own}/boot.cfg`),
      all.replace("esxiimg.tgz", `esxiimg.tgz --- ${module}/hostmeta.tgz`),
    );
  }
  assert.match(all, /^prefix=http:\/\/192\.0\.2\.1\/esxi$/m);
  const listed = await mustRun("tar", ["-tzf", `net/${folders[0]}/hostmeta.tgz`], { cwd });
  assert.deepEqual(listed.stdout.trim().split("\n"), [
    "esxiimg/",
    "esxiimg/metadata/",
    "esxiimg/metadata/meta_data.json",
    "esxiimg/metadata/network_data.json",
  ]);
  assert.match(read("autoexec.ipxe"), /^imgfetch -n own 01-\$\{netX\/mac:hexhyp\}\/boot\.cfg/m);
  assert.match(read(`pxelinux.cfg/${folders[2]}`), / {2}APPEND -c 01-02-00-5e-00-53-11\/boot\.cfg/);
  assert.match(read("readme-netboot.txt"), /hold what is each machine's alone/);
});

Deno.test("netboot: without a prefix the paths are those of the server's root", async () => {
  using folder = await rack();
  await mustEsxiImg([...NETBOOT, ...OPTIONS], { cwd: folder.path });
  const own = Deno.readTextFileSync(folder.file("net/01-02-00-5e-00-53-11/boot.cfg"));
  assert.match(own, /^modules=\/jumpstrt\.gz .* --- \/01-02-00-5e-00-53-11\/hostmeta\.tgz$/m);
});

testWith(
  ["python3", "busybox", "bwrap", "openssl"],
  "netboot: what a machine loads from its folder makes it that host",
  async () => {
    using folder = await rack();
    const cwd = folder.path;
    await mustEsxiImg([...NETBOOT, ...OPTIONS], { cwd });
    // A machine that none of the hosts fits: what it loads decides, not what it is.
    folder.write(
      "nics.txt",
      "Name    PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address        MTU  Description\n" +
        "------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n" +
        "vmnic0  0000:03:00.0  i40en   Up            Up           10000  Full    02:00:5e:00:53:77  1500  Sample NIC\n",
    );
    const { stdout } = await mustRun("python3", [
      "-B",
      `${import.meta.dirname}/../guest/rehearse.py`,
      ...["--payload", "net/esxiimg.tgz", "--nics", "nics.txt", "--json"],
      ...["--module", "net/01-02-00-5e-00-53-0a/hostmeta.tgz"],
    ], { cwd });
    const { outcome, host, secrets_left } = JSON.parse(stdout);
    assert.deepEqual([outcome, host.fqdn, secrets_left], [
      "configured",
      "esx-a.example.net",
      [],
    ]);
  },
);
