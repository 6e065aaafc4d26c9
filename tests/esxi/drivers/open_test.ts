import assert from "node:assert/strict";
import { bytesSource, readBytes } from "../../../lib/blocks/extent.ts";
import { isDriver } from "../../../lib/esxi/drivers/is_driver.ts";
import { type Driver, openDriver } from "../../../lib/esxi/drivers/open.ts";
import {
  describeVib,
  encode,
  makeBundle,
  makeDriverModule,
  makeVib,
  makeZip,
  packAr,
} from "../../support/vibs.ts";
import { mustRun, testWith } from "../../support/programs.ts";

const PLAN = { name: "net-acme" };

function open(bytes: Uint8Array): Promise<Driver> {
  return openDriver(bytesSource("driver", bytes));
}

async function refused(bytes: Uint8Array, message: RegExp) {
  await assert.rejects(open(bytes), (error: Error & { code?: string }) => {
    assert.equal(error.code, "not-driver", String(error.stack));
    assert.match(error.message, message);
    return true;
  });
}

/** All bytes of the only payload. */
async function payloadOf(driver: Driver): Promise<Uint8Array> {
  const payload = driver.vibs[0]!.payloads[0]!;
  return await readBytes(payload.source, 0, payload.source.sizeBytes);
}

Deno.test("vib: what its descriptor says, and its payload byte for byte", async () => {
  const driver = await open(makeVib({ ...PLAN, depends: ["vmkapi_2_1_0_0"], requires: "" }));
  assert.equal(driver.kind, "vib");
  const { descriptor, isSigned, payloads } = driver.vibs[0]!;
  assert.equal(descriptor.id, "ACME_bootbank_net-acme_1.0.1-1OEM.700.1.0.15843807");
  assert.equal(descriptor.summary, "Driver & tests");
  assert.equal(descriptor.acceptanceLevel, "partner");
  assert.deepEqual(descriptor.depends, ["vmkapi_2_1_0_0"]);
  assert.ok(isDriver(descriptor));
  assert.ok(isSigned);
  assert.deepEqual(payloads[0]!.machines, [62]);
  assert.deepEqual(await payloadOf(driver), makeDriverModule(PLAN));
});

Deno.test("vib: an empty signature is none", async () => {
  const driver = await open(makeVib({ ...PLAN, signature: "", level: "community" }));
  assert.equal(driver.vibs[0]!.isSigned, false);
});

Deno.test("vib: names as the builders of GNU and BSD write them", async () => {
  const module = makeDriverModule(PLAN);
  const parts = [
    ["descriptor.xml", encode(describeVib(PLAN))],
    ["sig.pkcs7", encode("s")],
    ["net-acme", module],
  ] as const;
  for (const nameOf of [(name: string) => name, (name: string) => `${name}/`]) {
    assert.deepEqual(await payloadOf(await open(packAr(parts, nameOf))), module);
  }
  const bsd = parts.map(([name, bytes]) =>
    [`#1/${name.length}`, new Uint8Array([...encode(name), ...bytes])] as const
  );
  assert.deepEqual(await payloadOf(await open(packAr(bsd))), module);
});

testWith(["ar"], "vib: as binutils' ar packs it, long names in a table", async () => {
  const payload = "a-name-that-is-too-long-for-a-header";
  const folder = await Deno.makeTempDir({ prefix: "esxi-img-test-ar-" });
  try {
    const plan = { ...PLAN, payload };
    const files = { "descriptor.xml": encode(describeVib(plan)), "sig.pkcs7": encode("s") };
    for (
      const [name, bytes] of Object.entries({ ...files, [payload]: makeDriverModule(PLAN) })
    ) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    const names = ["descriptor.xml", "sig.pkcs7", payload].map((name) => `${folder}/${name}`);
    await mustRun("ar", ["rcSD", `${folder}/a.vib`, ...names]);
    const driver = await open(await Deno.readFile(`${folder}/a.vib`));
    assert.deepEqual(await payloadOf(driver), makeDriverModule(PLAN));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("vib: refused where it is not what its descriptor says", async () => {
  const vib = makeVib(PLAN);
  await refused(vib.subarray(0, vib.length - 10), /cut short/);
  const changed = vib.slice();
  changed[changed.length - 100]! ^= 1;
  await refused(changed, /another SHA-256|cannot be unpacked/);
  const digest = /verify-process="gunzip">[0-9a-f]/;
  await refused(
    makeVib({ ...PLAN, edit: (xml) => xml.replace(digest, 'verify-process="gunzip">x') }),
    /another SHA-256/,
  );
  await refused(
    makeVib({ ...PLAN, edit: (xml) => xml.replace(/size="\d+"/, 'size="5"') }),
    /not the 5/,
  );
  await refused(makeVib({ ...PLAN, type: "boot" }), /type boot, which cannot be added/);
  await refused(makeVib({ ...PLAN, level: "trusted" }), /acceptance level/);
  await refused(makeVib({ ...PLAN, edit: (xml) => xml.slice(0, 90) }), /not XML/);
  await refused(makeVib({ ...PLAN, edit: () => "<!DOCTYPE vib []><vib/>" }), /document type/);
  await refused(makeVib({ ...PLAN, edit: () => "<bulletin/>" }), /does not describe a VIB/);
  await refused(
    packAr([["control.tar.gz", encode("")], ["data.tar.gz", encode("")]]),
    /a VIB of ESX 4/,
  );
  await refused(packAr([["sig.pkcs7", encode("")]]), /does not begin with/);
  await refused(packAr([["x", encode("")]], () => "/12"), /name of a part is missing/);
});

Deno.test("bundle: its VIBs, stored or deflated, and what it is for", async () => {
  for (const method of ["stored", "deflated"] as const) {
    const driver = await open(
      await makeBundle([["net-acme", makeVib(PLAN)], ["rdma", makeVib({ name: "rdma" })]], {
        version: "8.*",
        method,
      }),
    );
    assert.equal(driver.kind, "bundle");
    assert.deepEqual(driver.vibs.map(({ descriptor }) => descriptor.name), ["net-acme", "rdma"]);
    assert.deepEqual(driver.platforms, [{ productLine: "embeddedEsx", version: "8.*" }]);
    const again = [await payloadOf(driver), await payloadOf(driver)];
    assert.deepEqual(again, [makeDriverModule(PLAN), makeDriverModule(PLAN)]);
    const { source } = driver.vibs[0]!;
    assert.deepEqual(await readBytes(source, 0, source.sizeBytes), makeVib(PLAN));
  }
});

Deno.test("bundle: within a vendor's zip beside papers and a loose VIB", async () => {
  const bundle = await makeBundle([["net-acme", makeVib(PLAN)]]);
  const papers = ["doc/README.txt", encode("read me")] as const;
  const driver = await open(
    await makeZip([papers, ["net-acme.vib", makeVib(PLAN)], ["bundle.zip", bundle]]),
  );
  assert.equal(driver.vibs.length, 1);
  await refused(await makeZip([papers, ["a.zip", bundle], ["b.zip", bundle]]), /a\.zip, b\.zip/);
  await refused(await makeZip([papers]), /holds no VIB/);
});

Deno.test("bundle: a depot of a whole release is none", async () => {
  const vib = makeVib(PLAN);
  const depot = await makeZip([
    ["index.xml", encode("<vendorList/>")],
    ["profiles/ESXi-8.0U3-standard.xml", encode("<imageprofile/>")],
    ["vib20/a/a.vib", vib],
    ["vib20/b/b.vib", vib],
  ]);
  await refused(depot, /an ESXi depot of 2 VIBs/);
});

Deno.test("bundle: damaged ones are refused wherever the damage is", async () => {
  const bundle = await makeBundle([["net-acme", makeVib(PLAN)]]);
  await refused(bundle.subarray(0, bundle.length - 30), /cannot be read as a zip/);
  let found = 0;
  for (let at = 60; at < bundle.length; at += 97) {
    const bytes = bundle.slice();
    bytes[at]! ^= 0x40;
    try {
      const driver = await open(bytes);
      assert.deepEqual(await payloadOf(driver), makeDriverModule(PLAN), `byte ${at}`);
    } catch (error) {
      assert.match((error as { code?: string }).code ?? String(error), /not-driver|truncated/);
      found++;
    }
  }
  assert.ok(found > 5);
});

Deno.test("module: anything else is taken as it is", async () => {
  const driver = await open(makeDriverModule(PLAN));
  assert.deepEqual([driver.kind, driver.vibs.length], ["module", 0]);
});
