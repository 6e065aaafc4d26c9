import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { bytesSource } from "../../lib/blocks/extent.ts";
import { inspectDriverFile } from "../../lib/image/drivers.ts";
import { inspect } from "../../lib/image/inspect.ts";
import { installerIsoBytes } from "../support/installer_iso.ts";
import {
  describeVib,
  encode,
  makeBundle,
  makeDriverModule,
  makeImageDatabase,
  makeVib,
} from "../support/vibs.ts";

Deno.test("inspect: drivers that an installer's image database lists", async () => {
  const imgdb = makeImageDatabase([
    describeVib({ name: "nvme-pcie" }),
    describeVib({ name: "esx-ui", files: ["usr/lib/vmware/hostd/docroot/ui/index.html"] }),
    describeVib({ name: "igbn", version: "2.0", level: "certified" }),
    "<vib>",
  ]);
  const iso = installerIsoBytes({
    moduleCount: 8,
    modulesBytes: 100_000,
    files: [{ path: "IMGDB.TGZ", content: imgdb }],
  });
  const { drivers } = await inspect(bytesSource("test.iso", iso));
  assert.deepEqual(
    drivers.map(({ name, version, acceptanceLevel, origin }) =>
      `${name} ${version} ${acceptanceLevel} ${origin}`
    ),
    [
      "igbn 2.0 certified installer",
      "nvme-pcie 1.0.1-1OEM.700.1.0.15843807 partner installer",
    ],
  );
});

const mapOf = (...ids: string[]) =>
  ids.map((id) => `regtype=native,bus=pci,id=${id}..............,driver=x\n`).join("");

Deno.test("inspect: which devices an ISO's drivers claim", async () => {
  const idOf = (name: string) => `ACME_bootbank_${name}_1.0.1-1OEM.700.1.0.15843807`;
  const names = ["igbn", "damaged", "gone"];
  const imgdb = makeImageDatabase(
    names.map((name) => describeVib({ name })),
    Object.fromEntries(names.map((name) => [idOf(name), `${name}.v00`])),
  );
  const module = makeDriverModule({ name: "igbn", map: mapOf("80861521", "80861533") });
  const iso = installerIsoBytes({
    moduleCount: 8,
    modulesBytes: 100_000,
    files: [
      { path: "IMGDB.TGZ", content: imgdb },
      { path: "IGBN.V00", content: module },
      { path: "DAMAGED.V00", content: module.subarray(0, 60) },
    ],
  });
  const { drivers } = await inspect(bytesSource("test.iso", iso));
  assert.deepEqual(drivers.map(({ name, pciClaims }) => [name, pciClaims]), [
    ["damaged", []],
    ["gone", []],
    ["igbn", [{ id: "8086:1521" }, { id: "8086:1533" }]],
  ]);
});

Deno.test("inspect: a database that cannot be read lists none", async () => {
  for (const content of [encode("no gzip"), new Uint8Array(gzipSync(encode("no tar")))]) {
    const iso = installerIsoBytes({
      moduleCount: 8,
      modulesBytes: 100_000,
      files: [{ path: "IMGDB.TGZ", content }],
    });
    assert.deepEqual((await inspect(bytesSource("test.iso", iso))).drivers, []);
  }
});

Deno.test("inspect: a VIB and a bundle by themselves", async () => {
  const map = mapOf("10ec8125");
  const plan = { name: "net-acme", level: "community", signature: "", map };
  const vib = makeVib(plan);
  const found = await inspectDriverFile(bytesSource("a.vib", vib));
  assert.equal(found?.format, "vib");
  assert.deepEqual(found?.vibs[0], {
    id: "ACME_bootbank_net-acme_1.0.1-1OEM.700.1.0.15843807",
    summary: "Driver & tests",
    acceptanceLevel: "community",
    isSigned: false,
    isDriver: true,
    depends: [],
    payloads: [{
      name: "net-acme",
      type: "vgz",
      sizeBytes: makeDriverModule(plan).length,
    }],
    files: ["usr/lib/vmware/vmkmod/net-acme"],
    pciClaims: [{ id: "10ec:8125" }],
  });
  const bundle = await makeBundle([["net-acme", vib]], { version: "8.*" });
  const inBundle = await inspectDriverFile(bytesSource("a.zip", bundle));
  assert.deepEqual(inBundle?.platforms, [{ productLine: "embeddedEsx", version: "8.*" }]);
  assert.deepEqual(inBundle?.vibs, found?.vibs);
  assert.equal(await inspectDriverFile(bytesSource("x", encode("anything else"))), undefined);
});
