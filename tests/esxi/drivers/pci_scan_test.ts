import assert from "node:assert/strict";
import { PciScan } from "../../../lib/esxi/drivers/pci_scan.ts";

// Lines as people show them of their hosts.
const MAP = `regtype=native,bus=pci,id=10000079..............,driver=lsi_mr3
regtype=native,bus=pci,id=15b3101d15b30016......,driver=nmlx5_core
regtype=native,bus=pci,id=15B3101F15b30016......,driver=nmlx5_core
regtype=native,bus=acpi,id=INTC3000,driver=intelgpio
regtype=linux,bus=pci,id=11ab:436A 0000:0000,driver=sky2,class=network
regtype=linux,bus=pci,id=8086:10c9 8086:a03c,driver=igb,class=network
regtype=native,bus=pci,id=8086............0c0330,driver=some
regtype=native,bus=pci,id=8086,driver=short
`;
const CLAIMS = [
  { id: "1000:0079" },
  { id: "11ab:436a" },
  { id: "15b3:101d", subsystem: "15b3:0016" },
  { id: "15b3:101f", subsystem: "15b3:0016" },
  { id: "8086:*", class: "0c0330" },
  { id: "8086:10c9", subsystem: "8086:a03c" },
];

Deno.test("PCI devices: lines of maps, wherever an archive is cut", () => {
  const bytes = new TextEncoder().encode("\0".repeat(300) + MAP + "\0".repeat(300));
  for (let size = 1; size <= bytes.length; size += size < 200 ? 1 : 97) {
    const scan = new PciScan();
    for (let at = 0; at < bytes.length; at += size) scan.take(bytes.subarray(at, at + size));
    assert.deepEqual(scan.claims(), CLAIMS, `pieces of ${size}`);
  }
  assert.deepEqual(new PciScan().claims(), []);
});

Deno.test("PCI devices: what claims no end of them costs no more", () => {
  const lines = Array.from(
    { length: 70_000 },
    (_, i) => `regtype=native,bus=pci,id=${(i + 0x10000000).toString(16)}..............,driver=x\n`,
  );
  const scan = new PciScan();
  scan.take(new TextEncoder().encode(lines.join("")));
  assert.equal(scan.claims().length, 20_000);
});
