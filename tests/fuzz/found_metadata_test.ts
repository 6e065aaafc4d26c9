/**
 * Metadata that once broke the code that runs on the host, or kept it busy for hours.
 *
 * @module
 */

import { Failure } from "../../lib/blocks/failure.ts";
import { type Metadata, metadataTarget } from "./metadata_target.ts";
import { testWith } from "../support/programs.ts";

const NICS = "vmnic0  0000:02:00.0  ixgben  Up  Up  10000  Full  52:54:00:00:00:01  1500  Intel\n";
const LINK = { id: "l", type: "phy", ethernet_mac_address: "52:54:00:00:00:01" };

const json = JSON.stringify;
const configDrive = (files: Record<string, string>): Metadata => ({
  kind: "openstack",
  files: { "nics.txt": NICS, ...files },
});
const cloudConfig = (text: string) => configDrive({ user_data: `#cloud-config\n${text}` });

const FOUND: Readonly<Record<string, Metadata>> = {
  "an SSH key with a control character": {
    kind: "answers",
    files: { "nics.txt": NICS, "public-keys": "ssh-rsa AAAAB3 a\x01b\n" },
  },
  "keys numbered with digits that int does not read": configDrive({
    "meta_data.json": '{"public_keys": {"\xc2\xb2": "ssh-rsa AAAAB3"}}',
  }),
  "a message that quotes a line break": configDrive({
    "network_data.json": json({ links: [], networks: [{ id: "a\nb", type: "x", link: "l" }] }),
  }),
  "a warning that quotes a control character": configDrive({
    "meta_data.json": '{"keys": [{"type": "x"}], "hostname": "a\\u001bb"}',
    "network_data.json": json({ links: [{ ...LINK, id: "a\u001b", mtu: "x" }] }),
  }),
  "lists nested a thousand deep": configDrive({ "meta_data.json": "[".repeat(100_000) }),
  "MAAS's configuration nested a thousand deep": {
    kind: "curtin",
    files: { "nics.txt": NICS, "config.json": "[".repeat(100_000) },
  },
  "a MIME message in a message in a message": configDrive({
    user_data: Array.from(
      { length: 2000 },
      (_, i) => `Content-Type: multipart/mixed; boundary=x${i}\n\n--x${i}\n`,
    ).join(""),
  }),
  "more addresses than a host has interfaces": configDrive({
    "network_data.json": json({
      links: [LINK],
      networks: Array.from({ length: 300 }, (_, i) => ({
        id: `n${i}`,
        type: "ipv4",
        link: "l",
        ip_address: `10.${i >> 8}.${i & 255}.1`,
        netmask: "255.255.255.0",
      })),
    }),
  }),
  // Each took time with the square or the cube of its length: hours, or for ever.
  "a bracket that is never closed": cloudConfig(`a: [\n${" b,\n".repeat(20_000)}`),
  "a quote that is never closed": cloudConfig(`a: "\n${" b\n".repeat(40_000)}`),
  "blanks that no colon follows": cloudConfig(`a${" ".repeat(300_000)}b`),
  "blanks in quotes": cloudConfig(`a: "${" ".repeat(300_000)}"`),
  "a number of half a million digits": cloudConfig(`a: ${"9".repeat(500_000)}`),
};

testWith(["python3"], "metadata that was found to break the guest code", async (t) => {
  try {
    for (const [title, input] of Object.entries(FOUND)) {
      await t.step(title, async () => {
        try {
          await metadataTarget.run(input);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
        }
      });
    }
  } finally {
    await metadataTarget.stop?.();
  }
});
