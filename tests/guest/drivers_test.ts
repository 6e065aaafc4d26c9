// A whole deployment with a driver: built, started, installed, configured, cleaned up.
import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { makeBundle, makeVib, type VibPlan } from "../support/vibs.ts";

const DRIVER = "net-acme";
const NICS =
  `Name    PCI Device    Driver    Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description
------  ------------  --------  ------------  -----------  -----  ------  -----------------  ----  -----------
vmnic0  0000:03:00.0  ${DRIVER}  Up            Up           10000  Full    02:00:5e:00:53:11  1500  ACME NIC
`;
const NETWORK = {
  links: [{ id: "a", type: "phy", ethernet_mac_address: "02:00:5e:00:53:11" }],
  networks: [{
    ...{ id: "n", link: "a", type: "ipv4", ip_address: "192.0.2.10", netmask: "255.255.255.0" },
    routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }],
  }],
  services: [],
};
const JUDGES = ["python3", "busybox", "bwrap", "openssl"];

/** Builds a tree with the driver, and rehearses with the modules that its boot.cfg names. */
async function deploy(
  folder: Folder,
  drivers: Readonly<Record<string, Uint8Array>>,
  { build = [], rehearse = [], isLoaded = true }: {
    readonly build?: readonly string[];
    readonly rehearse?: readonly string[];
    readonly isLoaded?: boolean;
  } = {},
) {
  const cwd = folder.path;
  await writeSampleIso(folder.file("esxi.iso"));
  folder.write("nics.txt", NICS);
  folder.write("pw", "Example#Pass-77\n");
  Deno.mkdirSync(folder.file("md"));
  folder.write("md/meta_data.json", JSON.stringify({ uuid: "u", hostname: "esx01.example.net" }));
  folder.write("md/network_data.json", JSON.stringify(NETWORK));
  const options = Object.entries(drivers).flatMap(([name, bytes]) => {
    folder.write(name, bytes);
    return ["--driver", name];
  });
  const net = ["netboot", "esxi.iso", "-o", "net", "--install-disk", "--firstdisk", ...options];
  await mustEsxiImg(
    [...net, "--root-password-file", "pw", "--metadata", "md", ...build],
    { cwd },
  );
  const modules = /^modules=.*esxiimg\.tgz --- (.*)$/m
    .exec(Deno.readTextFileSync(folder.file("net/boot.cfg")))![1]!.split(" --- ");
  const { stdout } = await mustRun("python3", [
    "-B",
    `${import.meta.dirname}/rehearse.py`,
    ...["--payload", "net/esxiimg.tgz", "--nics", "nics.txt", "--json"],
    ...["--missing-driver", DRIVER],
    ...isLoaded ? modules.flatMap((name) => ["--module", `net/${name}`]) : [],
    ...rehearse,
  ], { cwd });
  return JSON.parse(stdout);
}

const vib = (plan: Partial<VibPlan> = {}) => makeVib({ name: DRIVER, ...plan });

testWith(
  JUDGES,
  "drivers: the NIC is there, the host configured, the driver installed",
  async () => {
    for (
      const [name, bytes] of [["a.vib", vib()], [
        "a.zip",
        await makeBundle([[DRIVER, vib()]]),
      ]] as const
    ) {
      using folder = new Folder();
      const result = await deploy(folder, { [name]: bytes });
      assert.equal(result.outcome, "configured", JSON.stringify(result, null, 2));
      const { host } = result;
      assert.deepEqual(host.vibs, [DRIVER]);
      assert.deepEqual(host.boot_modules, [], "nothing of ours is started any more");
      assert.deepEqual(host.vswitches.vSwitch0.uplinks, ["vmnic0"]);
      assert.equal(host.interfaces[0].ipv4, "192.0.2.10/24");
      assert.equal(host.fqdn, "esx01.example.net");
      assert.equal(host.acceptance, "PartnerSupported");
      assert.deepEqual(result.secrets_left, []);
      assert.deepEqual(result.warnings, []);
    }
  },
);

testWith(JUDGES, "drivers: without the module there is no NIC, and no installation", async () => {
  using folder = new Folder();
  const result = await deploy(folder, { "a.vib": vib() }, { isLoaded: false });
  assert.equal(result.outcome, "stopped-before-install");
  assert.match(result.reason, /No Network Adapters/);
});

testWith(
  JUDGES,
  "drivers: a community's lowers the host's level where that is allowed",
  async () => {
    using folder = new Folder();
    const community = vib({ level: "community", signature: "" });
    const build = ["--allow-community-drivers"];
    const { outcome, host, warnings } = await deploy(folder, { "a.vib": community }, { build });
    assert.equal(outcome, "configured");
    assert.deepEqual([host.vibs, host.acceptance], [[DRIVER], "CommunitySupported"]);
    assert.match(warnings.join(), /acceptance level is CommunitySupported now/);
  },
);
