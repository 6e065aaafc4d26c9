import assert from "node:assert/strict";
import { checkHosts } from "../../lib/checks/hosts.ts";

type Host = { readonly macs?: readonly string[]; readonly meta?: Record<string, unknown> };

function check(hosts: Record<string, Host>): string[] {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const metadata = Object.entries(hosts).flatMap(([name, { macs = [], meta = {} }]) => [
    { path: `hosts/${name}/meta_data.json`, bytes: bytes(meta) },
    {
      path: `hosts/${name}/network_data.json`,
      bytes: bytes({ links: macs.map((mac) => ({ type: "phy", ethernet_mac_address: mac })) }),
    },
  ]).map(({ path, bytes }) => ({ path, name: path, bytes }));
  return checkHosts({ metadata }).map(({ code, where, what }) => `${code} ${where}: ${what}`);
}

Deno.test("hosts: each is known by MACs, UUID or serial number", () => {
  assert.deepEqual(checkHosts({}), []);
  assert.deepEqual(check({ a: { macs: ["02:00:00:00:00:01"] }, b: { meta: { serial: "S" } } }), []);
  assert.deepEqual(check({ a: { meta: { uuid: "00112233-4455-6677-8899-aabbccddeeff" } } }), []);
  for (const meta of [{}, { serial: "None" }, { uuid: "0".repeat(32) }, { uuid: 5, serial: [] }]) {
    const [found, ...more] = check({ a: { meta } });
    assert.match(found ?? "", /^host-unknown hosts\/a: /);
    assert.deepEqual(more, []);
  }
});

Deno.test("hosts: one with nothing but user data is known by nothing", () => {
  const path = "hosts/a/user_data";
  const metadata = [{ path, name: path, bytes: new TextEncoder().encode("#cloud-config\n") }];
  assert.deepEqual(checkHosts({ metadata }).map(({ code }) => code), ["host-unknown"]);
});

Deno.test("hosts: what no machine is known by is said where something else is", () => {
  const ok = "02:00:5e:00:53:01";
  const said = (macs: readonly string[], meta = {}) =>
    check({ a: { macs: [ok, ...macs], meta } }).join();
  assert.equal(said(["", ok]), "");
  assert.match(
    said(["5254.0000.0002"]),
    /^host-ignored hosts\/a: the MAC "5254\.0000\.0002" has not/,
  );
  assert.match(said(["00:00:00:00:00:00"]), /^host-ignored \S+: the MAC 00:00:\S+ is no NIC's/);
  assert.match(said(["01-00-5E-00-00-01"]), /^host-ignored \S+: the MAC 01:00:5e:\S+ is no NIC's/);
  assert.match(said([], { uuid: "esx-1" }), /^host-ignored \S+: the uuid "esx-1" is none$/);
});

Deno.test("hosts: what two have in common is found, however it is written", () => {
  const doubles: readonly (readonly [Host, Host, RegExp])[] = [
    [{ macs: ["02:00:00:00:00:0A"] }, { macs: ["02-00-00-00-00-0a"] }, /the MAC 02:00:00:00:00:0a/],
    [{ meta: { serial: " ab1" } }, { meta: { serial: "AB1" } }, /the serial number AB1/],
    [
      { meta: { uuid: "00112233-4455-6677-8899-AABBCCDDEEFF" } },
      { meta: { uuid: "00112233445566778899aabbccddeeff" } },
      /the UUID 0011/,
    ],
    [
      { meta: { uuid: "00112233-4455-6677-8899-aabbccddeeff" } },
      { meta: { uuid: "33221100-5544-7766-8899-aabbccddeeff" } },
      /the UUID 3322\w+, in one byte order or the other, is/,
    ],
  ];
  for (const [a, b, what] of doubles) {
    const [found, ...more] = check({ a, b });
    assert.match(found ?? "", /^host-double hosts\/b: .* of the host a/);
    assert.match(found ?? "", what);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(check({ a: { macs: ["02:00:00:00:00:01", "02:00:00:00:00:01"] } }), []);
});

Deno.test("hosts: a thousand are checked, and one that is there twice is found", () => {
  const mac = (i: number, port: number) =>
    `02:00:5e:${[i >> 8, i & 255, port].map((x) => x.toString(16).padStart(2, "0")).join(":")}`;
  const rack = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`h${i}`, { macs: [mac(i, 0), mac(i, 1)] }]),
  );
  assert.deepEqual(check(rack), []);
  assert.equal(check({ ...rack, again: { macs: [mac(500, 1)] } }).length, 1);
});
