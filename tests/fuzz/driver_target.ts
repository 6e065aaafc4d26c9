/**
 * The readers of VIBs, bundles and their descriptors, and what is made of them.
 *
 * @module
 */

import { checkDrivers } from "../../lib/checks/drivers.ts";
import { driverModules } from "../../lib/esxi/drivers/medium.ts";
import { openDriver } from "../../lib/esxi/drivers/open.ts";
import { describeVib, makeBundle, makeDriverModule, makeVib, packAr } from "../support/vibs.ts";
import { countedSource, withinMemory } from "./bounds.ts";
import type { Target } from "./fuzzer.ts";
import { changeBytes, wordsOf } from "./mutators.ts";
import type { Random } from "./random.ts";
import { SparseFile } from "./sparse_file.ts";

const PLAN = { name: "net-acme", depends: ["vmkapi_2_6_0_0"] };
const VALUES = wordsOf(
  "4294967295",
  "9999999999",
  "-1",
  "#1/20",
  "/0",
  "//",
  "PK\x01\x02",
  "PK\x05\x06",
  "\xff\xff\xff\xff",
  "</payload>",
  "<!DOCTYPE x>",
  "&lt;",
  "&x;",
  "../",
);

async function seeds(): Promise<Uint8Array[]> {
  const vibs = [["net-acme", makeVib(PLAN)], ["rdma", makeVib({ name: "rdma" })]] as const;
  return [
    vibs[0][1],
    await makeBundle(vibs, { version: "8.*" }),
    await makeBundle(vibs, { method: "stored" }),
  ];
}

/** Changes the bytes of a file, or a descriptor in a VIB that is whole otherwise. */
function mutate(input: Uint8Array, random: Random): Uint8Array {
  if (random.chance(2, 3)) return changeBytes(input, random, VALUES);
  const descriptor = changeBytes(new TextEncoder().encode(describeVib(PLAN)), random, VALUES);
  return packAr([
    ["descriptor.xml", descriptor],
    ["sig.pkcs7", new Uint8Array(1)],
    ["net-acme", makeDriverModule(PLAN)],
  ]);
}

export const driverTarget: Target<Uint8Array> = {
  name: "driver",
  seeds,
  mutate,
  async run(bytes) {
    const source = countedSource("fuzz.vib", SparseFile.of(bytes));
    return await withinMemory(bytes.length, async () => {
      const driver = await openDriver(source);
      const inputs = { drivers: [driver], version: "8.0.3", architecture: "x86_64" } as const;
      const findings = checkDrivers(inputs);
      const modules = driverModules({ drivers: [driver] }, 1_700_000_000);
      return `${driver.kind}, ${modules.length} modules, ${findings.map(({ code }) => code)}`;
    });
  },
  pack: (bytes) => bytes,
  unpack: (bytes) => bytes,
};
