import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { SMALL, writeSampleIso } from "../support/sample_isos.ts";
import { sha256OfFile } from "../support/trees.ts";
import {
  describeVib,
  makeBundle,
  makeDriverModule,
  makeImageDatabase,
  makeVib,
} from "../support/vibs.ts";

const PASSWORD = ["--root-password-file", "pw"];
const NIC = { name: "net-acme-nic" };
const RDMA = { name: "net-acme-rdma", level: "community", signature: "" };
const OPTIONS = ["--driver", "nic.vib", "--driver", "rdma.zip", "--driver", "Plain.v00"];
const NAMES = ["net_acme.x00", "net_acme.x01", "plain.x00", "esxidrvs.tar"];

async function withDrivers(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("esxi.iso"));
  folder.write("pw", "Example#Pass-77\n");
  folder.write("nic.vib", makeVib(NIC));
  folder.write("rdma.zip", await makeBundle([["rdma", makeVib(RDMA)]], { version: "8.*" }));
  folder.write("Plain.v00", makeDriverModule({ name: "plain" }));
  return folder;
}

/** The name of the VIB that is carried, and what it has to be byte for byte. */
const CARRIED = { "0-net-acme-nic.vib": makeVib(NIC), "1-net-acme-rdma.vib": makeVib(RDMA) };

async function assertCarried(folder: Folder, tar: string): Promise<void> {
  Deno.mkdirSync(folder.file("carried"));
  await mustRun("tar", ["-xf", tar, "-C", "carried"], { cwd: folder.path });
  const below = (name: string) => folder.file(`carried/esxiimg-drivers/${name}`);
  for (const [name, bytes] of Object.entries(CARRIED)) {
    assert.deepEqual(Deno.readFileSync(below(name)), bytes, name);
  }
  const list = JSON.parse(Deno.readTextFileSync(below("drivers.json")));
  assert.equal(list.acceptance, "community");
  assert.deepEqual(list.modules, [
    { name: NAMES[0], vib: "ACME_bootbank_net-acme-nic_1.0.1-1OEM.700.1.0.15843807" },
    { name: NAMES[1], vib: "ACME_bootbank_net-acme-rdma_1.0.1-1OEM.700.1.0.15843807" },
    { name: NAMES[2], vib: null },
  ]);
  assert.deepEqual(
    list.vibs.map((vib: Record<string, string>) => [vib.file, vib.acceptance_level]),
    [["0-net-acme-nic.vib", "partner"], ["1-net-acme-rdma.vib", "community"]],
  );
}

testWith(["mcopy", "tar"], "drivers: modules of the installer, and VIBs for the host", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  const build = ["build", "esxi.iso", ...PASSWORD, ...OPTIONS, "--allow-community-drivers"];
  await mustEsxiImg([...build, "-o", "x.img", "--verify", "--manifest", "m.json"], { cwd });
  const env = { MTOOLS_SKIP_CHECK: "1" };
  for (const name of ["EFI/BOOT/BOOT.CFG", ...NAMES]) {
    await mustRun("mcopy", ["-i", "x.img@@1M", `::${name}`, "."], { cwd, env });
  }
  const modules = /^modules=.* --- \/esxiimg\.tgz --- (.*)$/m.exec(
    Deno.readTextFileSync(folder.file("BOOT.CFG")),
  )?.[1];
  assert.equal(modules, NAMES.map((name) => `/${name}`).join(" --- "));
  for (const [i, name] of ["net-acme-nic", "net-acme-rdma", "plain"].entries()) {
    assert.deepEqual(Deno.readFileSync(folder.file(NAMES[i]!)), makeDriverModule({ name }));
  }
  await assertCarried(folder, "esxidrvs.tar");

  const { stdout } = await mustEsxiImg(["inspect", "x.img", "--json"], { cwd });
  const { drivers } = JSON.parse(stdout);
  assert.deepEqual(
    drivers.map(({ name, origin }: Record<string, string>) => `${name} ${origin}`),
    ["net-acme-nic added", "net-acme-rdma added"],
  );
  const { options } = JSON.parse(Deno.readTextFileSync(folder.file("m.json")));
  assert.deepEqual(options.drivers, ["nic.vib", "rdma.zip", "Plain.v00"]);
  assert.equal(options.allowCommunityDrivers, true);
  await mustEsxiImg([...build, "-o", "again.img"], { cwd });
  assert.equal(
    await sha256OfFile(folder.file("again.img")),
    await sha256OfFile(folder.file("x.img")),
    "the same inputs give the same bytes",
  );
});

testWith(["tar"], "drivers: on a server, in an ISO, and in each image of a batch", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  const options = [...OPTIONS, "--allow-community-drivers"];
  const net = ["netboot", "esxi.iso", "-o", "net", "--install-disk", "--firstdisk"];
  await mustEsxiImg([...net, ...PASSWORD, ...options], { cwd });
  const cfg = Deno.readTextFileSync(folder.file("net/boot.cfg"));
  assert.ok(cfg.includes(["esxiimg.tgz", ...NAMES].join(" --- ")), cfg);
  await assertCarried(folder, "net/esxidrvs.tar");

  await mustEsxiImg(["build", "esxi.iso", "-o", "x.iso", ...PASSWORD, ...options], { cwd });
  const shown = await mustEsxiImg(["inspect", "x.iso"], { cwd });
  assert.match(shown.stdout, /driver +net-acme-nic 1\.0\.1-1OEM\.700\.1\.0\.15843807, ACME, added/);

  Deno.mkdirSync(folder.file("images"));
  Deno.mkdirSync(folder.file("meta/hosts/one"), { recursive: true });
  folder.write(
    "meta/hosts/one/meta_data.json",
    JSON.stringify({ uuid: "00000000-0000-4000-8000-000000000001", hostname: "one" }),
  );
  const batch = ["build", "esxi.iso", "-f", "raw", ...PASSWORD, ...options];
  await mustEsxiImg([...batch, "--metadata", "meta", "--batch", "-o", "images"], { cwd });
  await mustEsxiImg([...batch, "--metadata", "meta/hosts/one", "-o", "alone.img"], { cwd });
  assert.equal(
    await sha256OfFile(folder.file("images/one.img")),
    await sha256OfFile(folder.file("alone.img")),
  );
});

Deno.test("drivers: damaged or foreign files stop a build with one line", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  folder.write("cut.vib", makeVib(NIC).subarray(0, 900));
  folder.write("cut.zip", Deno.readFileSync(folder.file("rdma.zip")).subarray(0, 900));
  for (const name of ["cut.vib", "cut.zip"]) {
    for (const command of ["build", "check"]) {
      const args = [command, "esxi.iso", "-o", "x.img", "--driver", name, ...PASSWORD];
      const { code, stderr } = await esxiImg(args, { cwd });
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`^esxi-img: ${name}: [^\\n]+\\n$`));
    }
  }
  assert.ok(!folder.names().includes("x.img"));
});

Deno.test("drivers: too large for a boot bank", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  // ELF, so that it counts as a module; the rest is a hole.
  folder.write("huge.v00", "\x7fELF");
  Deno.truncateSync(folder.file("huge.v00"), 490_000_000);
  const args = ["check", "esxi.iso", "--json", "--driver", "huge.v00", ...PASSWORD];
  const { code, stdout } = await esxiImg(args, { cwd });
  assert.equal(code, 2);
  const { findings } = JSON.parse(stdout);
  assert.equal(findings[0].code, "driver-large");
  assert.match(findings[0].what, /490 MB of a boot bank, where 48\d MB are free/);
});

testWith(
  ["mcopy", "tar"],
  "drivers: what hosts would not install can stay a boot module",
  async () => {
    using folder = await withDrivers();
    const cwd = folder.path;
    const vib = { name: "net-old", signature: "", hasUnpackedSha256: false };
    folder.write("old.vib", makeVib(vib));
    folder.write("signed.vib", makeVib({ ...vib, signature: "signature" }));
    folder.write("old.zip", await makeBundle([["old", makeVib(vib)]], { version: "8.*" }));
    const build = (driver: string) =>
      esxiImg(["build", "esxi.iso", ...PASSWORD, "-o", "x.img", "--force", "--driver", driver], {
        cwd,
      });
    assert.match((await build("signed.vib")).stderr, /no SHA-256 .* FILE:module-only/);
    for (const driver of ["old.vib:module-only", "old.zip:module-only"]) {
      const { code, stderr } = await build(driver);
      assert.equal(code, 0, stderr);
      for (const name of ["net_old.x00", "esxidrvs.tar"]) {
        await mustRun("mcopy", ["-n", "-o", "-i", "x.img@@1M", `::${name}`, "."], { cwd });
      }
      assert.deepEqual(Deno.readFileSync(folder.file("net_old.x00")), makeDriverModule(vib));
      const list = ["-xOf", "esxidrvs.tar", "esxiimg-drivers/drivers.json"];
      const { modules, vibs } = JSON.parse((await mustRun("tar", list, { cwd })).stdout);
      assert.deepEqual([modules, vibs], [[{ name: "net_old.x00", vib: null }], []]);
    }
  },
);

Deno.test("drivers: what the installer has already is said", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  const imgdb = makeImageDatabase([describeVib({ ...NIC, version: "1.0.0-1OEM.700.1.0.1" })]);
  const options = { ...SMALL, files: [{ path: "IMGDB.TGZ", content: imgdb }] };
  await writeSampleIso(folder.file("esxi.iso"), undefined, options);
  folder.write("old.vib", makeVib({ ...NIC, version: "0.9-1OEM.700.1.0.1" }));
  const both =
    / net-acme-nic 0\.9-1OEM\.700\.1\.0\.1, and the installer has 1\.0\.0-1OEM\.700\.1\.0\.1/;
  const net = ["netboot", "esxi.iso", "-o", "net", "--install-disk", "--firstdisk"];
  const build = ["build", "esxi.iso", "-o", "x.img"];
  for (const command of [["check", "esxi.iso"], build, net]) {
    const args = [...command, ...PASSWORD, "--driver"];
    const strict = await esxiImg([...args, "old.vib", "--strict"], { cwd });
    assert.equal(strict.code, 2, strict.stderr);
    const { stderr } = await mustEsxiImg([...args, "old.vib"], { cwd });
    assert.match(stderr, /^warning: old\.vib: it is net-acme-nic/m);
    assert.match(stderr, both);
    const note = /^note: nic\.vib: it is net-acme-nic 1\.0\.1-\S+, and the installer has 1\.0\.0-/m;
    const again = command === build || command === net ? ["--force"] : [];
    assert.match((await mustEsxiImg([...args, "nic.vib", ...again], { cwd })).stderr, note);
  }
});

Deno.test("drivers: what does not fit together is refused in one line", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  const other = { ...NIC, version: "2.0-1OEM.800.1.0.20613240" };
  const vibs = [["a", makeVib(NIC)], ["b", makeVib(other)]] as const;
  folder.write("two.zip", await makeBundle(vibs));
  folder.write("other.vib", makeVib(other));
  folder.write("arm.zip", await makeBundle([["a", makeVib({ ...NIC, machine: 183 })]]));
  const cases: readonly (readonly [drivers: readonly string[], line: RegExp])[] = [
    [
      ["two.zip"],
      /two\.zip: vib20\/b\S+: it is net-acme-nic 2\.0\S+, and .*A?CME_a\.vib is it, too, as 1\.0\S+; unpack/,
    ],
    [
      ["nic.vib", "other.vib"],
      /other\.vib: .* and nic\.vib is it, too, as 1\.0\.1\S+; pass one of them/,
    ],
    [
      ["nic.vib", "nic.vib"],
      /nic\.vib: it is net-acme-nic 1\.0\.1\S+, and nic\.vib is it, too; pass/,
    ],
    [["Plain.v00", "Plain.v00"], /Plain\.v00: it is given twice; pass it once/],
    [["arm.zip"], /arm\.zip: vib20\/a\S+: its programs are not for x86_64, as the installer is/],
  ];
  for (const [drivers, line] of cases) {
    const options = drivers.flatMap((driver) => ["--driver", driver]);
    const args = ["build", "esxi.iso", "-o", "x.img", ...PASSWORD, ...options];
    const { code, stderr } = await esxiImg(args, { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, line);
    assert.match(stderr, /^esxi-img: [^\n]+\n$/);
  }
  assert.ok(!folder.names().includes("x.img"));
});

Deno.test("drivers: inspect says which devices they claim", async () => {
  using folder = await withDrivers();
  const cwd = folder.path;
  const native = "regtype=native,bus=pci,id=";
  const many = Array.from({ length: 9 }, (_, i) => `${native}8086150${i}..............,driver=x`);
  const map = [...many, `${native}15b3101d15b30016......,driver=x`, ""].join("\n");
  folder.write("map.vib", makeVib({ name: "net-map", map }));
  const { stdout } = await mustEsxiImg(["inspect", "map.vib"], { cwd });
  assert.match(
    stdout,
    /^ +PCI +15b3:101d \(only 15b3:0016\), 8086:1500, 8086:1501, [^\n]+\n +PCI +8086:/m,
  );
  assert.match(stdout, /8086:1508\n/);
  await mustEsxiImg(["build", "esxi.iso", "-o", "x.iso", ...PASSWORD, "--driver", "map.vib"], {
    cwd,
  });
  const shown = await mustEsxiImg(["inspect", "x.iso"], { cwd });
  assert.match(shown.stdout, /driver +net-map \S+, ACME, added, 10 PCI devices$/m);
  const { drivers } = JSON.parse(
    (await mustEsxiImg(["inspect", "x.iso", "--json"], { cwd })).stdout,
  );
  assert.deepEqual(drivers[0].pciClaims[0], { id: "15b3:101d", subsystem: "15b3:0016" });
});
