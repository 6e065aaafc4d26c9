import assert from "node:assert/strict";
import { bytesSource } from "../../lib/blocks/extent.ts";
import { checkShippedDrivers } from "../../lib/checks/shipped_drivers.ts";
import { parseDescriptor } from "../../lib/esxi/drivers/descriptor.ts";
import { openDriver } from "../../lib/esxi/drivers/open.ts";
import { compareVibVersions } from "../../lib/esxi/drivers/vib_version.ts";
import { describeVib, makeDriverModule, makeVib, type VibPlan } from "../support/vibs.ts";

const SHIPPED: readonly VibPlan[] = [
  { name: "net-acme", version: "1.10.2-1vmw.800.1.0.20613240" },
  { name: "acme-storage", files: ["usr/lib/vmware/vmkmod/acme_st", "etc/acme.map"] },
];

async function codesFor(
  plan: VibPlan,
  { isModuleOnly = false, shipped = SHIPPED, bootModules = [] as string[] } = {},
): Promise<string[]> {
  const driver = await openDriver(bytesSource("given.vib", makeVib(plan)));
  const shippedVibs = shipped.map((vib) => parseDescriptor(describeVib(vib), vib.name));
  const drivers = [{ ...driver, isModuleOnly }];
  return checkShippedDrivers({ drivers, shippedVibs, bootModules }).map(
    ({ severity, code, where, what }) => `${severity} ${code} ${where}: ${what}`,
  );
}

Deno.test("drivers: the installer has the same, an older or a newer one", async () => {
  const is = (version: string) => ({ name: "net-acme", version });
  const shipped = "1.10.2-1vmw.800.1.0.20613240";
  assert.deepEqual(await codesFor(is(shipped)), [
    `warning driver-known given.vib: the installer has net-acme ${shipped} already`,
  ]);
  assert.deepEqual(await codesFor(is("1.9.7-1OEM")), [
    `warning driver-known given.vib: it is net-acme 1.9.7-1OEM, and the installer has ${shipped}, ` +
    "which the first boot would set back",
  ]);
  assert.deepEqual(await codesFor(is("1.11-1OEM")), [
    `note driver-newer given.vib: it is net-acme 1.11-1OEM, and the installer has ${shipped}, ` +
    "which the first boot replaces",
  ]);
  assert.match(
    (await codesFor(is("1.11-1OEM"), { isModuleOnly: true })).join(),
    /^warning driver-known given\.vib: it is net-acme 1\.11-1OEM, .* has 1\.10\.2-\S+$/,
  );
  assert.deepEqual(await codesFor({ name: "net-other" }), []);
});

Deno.test("drivers: a file of another VIB of the installer", async () => {
  const plan = { name: "acme-new", files: ["usr/lib/vmware/vmkmod/acme_new", "etc/acme.map"] };
  const what = "given.vib: it brings /etc/acme.map, and so does the installer's acme-storage " +
    "1.0.1-1OEM.700.1.0.15843807";
  assert.deepEqual(await codesFor(plan), [`error driver-double ${what}`]);
  assert.deepEqual(await codesFor(plan, { isModuleOnly: true }), [`warning driver-known ${what}`]);
  assert.deepEqual(await codesFor({ ...plan, overlay: true }), []);
  assert.deepEqual(await codesFor({ ...plan, replaces: ["acme-storage"] }), []);
});

Deno.test("drivers: a module of the same name, where there is no image database", async () => {
  const bootModules = ["/b.b00", "/net_acme.v00"];
  const known = [
    "warning driver-known given.vib: the installer has a module of that name, net_acme.v00",
  ];
  const plan = { name: "net-acme-nic" };
  assert.deepEqual(await codesFor(plan, { shipped: [], bootModules }), known);
  assert.deepEqual(await codesFor(plan, { bootModules }), [], "the database knows better");
  assert.deepEqual(await codesFor({ name: "net-b" }, { shipped: [], bootModules }), []);
  const source = bytesSource("somewhere/Net_Acme.tgz", makeDriverModule({ name: "x" }));
  const drivers = [await openDriver(source)];
  assert.equal(checkShippedDrivers({ drivers, bootModules })[0]?.code, "driver-known");
});

Deno.test("drivers: versions of VIBs", () => {
  const sorted = [
    "1.9.7-1OEM.700.1.0.1",
    "1.10-1OEM.700.1.0.1",
    "1.10-1vmw.700.1.0.1",
    "1.10-2OEM.700.1.0.1",
    "1.10.0-1OEM.700.1.0.1",
    "1.10.0-1OEM.700.1.0.1.1",
    "1.10.0-1OEM.800.1.0.20613240",
    "2",
  ];
  assert.deepEqual(sorted.toReversed().toSorted(compareVibVersions), sorted);
  assert.equal(compareVibVersions("1.0-1OEM", "1.0-1oem"), 0);
  assert.equal(compareVibVersions("1.01", "1.1"), 0);
});
