import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { documentChecks } from "../../lib/checks/document.ts";
import { KINDS } from "../../lib/checks/codes.ts";
import { dirname } from "node:path";
import { Folder } from "../support/folder.ts";
import { installerIsoBytes } from "../support/installer_iso.ts";
import { esxiImg, mustEsxiImg } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { makeBundle, makeVib, type VibPlan } from "../support/vibs.ts";

interface Found {
  readonly code: string;
  readonly severity: string;
  readonly where: string;
  readonly what: string;
  readonly remedy: string;
}

/** A good password, as a file. */
const PASSWORD = ["--root-password-file", "pw"];
const RSA = "ssh-rsa " + btoa(
  "\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0" + "x".repeat(256),
);
const ED25519 = "ssh-ed25519 " + btoa("\0\0\0\x0bssh-ed25519\0\0\0\x20" + "k".repeat(32));
const META = { uuid: "u", hostname: "esx01" };
const NETWORK = {
  links: [{ id: "a", type: "phy", ethernet_mac_address: "02:00:5e:00:53:01" }],
  networks: [{
    ...{ id: "n", link: "a", type: "ipv4", ip_address: "192.0.2.10", netmask: "255.255.255.0" },
    routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }],
  }],
  services: [],
};
/** The network without a key, and with others. */
const without = (key: string, more: Record<string, unknown> = {}) => ({
  ...NETWORK,
  networks: [{ ...NETWORK.networks[0], [key]: undefined, ...more }],
});
const metadata = (meta: unknown, network: unknown = NETWORK) => ({
  "md/meta_data.json": typeof meta === "string" ? meta : JSON.stringify(meta),
  "md/network_data.json": JSON.stringify(network),
});

/** A row of the table: a kind of finding, the files it comes from, and the options. */
type Row = readonly [
  code: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  args: readonly string[],
];

const ks = (code: string, text: string): Row => [code, { "ks.cfg": text }, ["-k", "ks.cfg"]];
const GOOD = "vmaccepteula\nrootpw --iscrypted $6$a$" + "b".repeat(86) +
  "\ninstall --firstdisk --overwritevmfs\nreboot\n";
const with_ = (text: string) => GOOD + text;
const asIs = (code: string, text: string): Row => [
  code,
  { "ks.cfg": text },
  ["--kickstart-as-is", "ks.cfg"],
];
const pw = (code: string, text: string): Row => [
  code,
  { "other-pw": text },
  ["--root-password-file", "other-pw"],
];
const key = (code: string, text: string): Row => [
  code,
  { "id.pub": text },
  ["--ssh-key", "id.pub", ...PASSWORD],
];
const module = (code: string, content: string | Uint8Array): Row => [
  code,
  { "m.v00": content },
  ["--module", "m.v00", ...PASSWORD],
];
const md = (code: string, meta: unknown, network?: unknown): Row => [
  code,
  metadata(meta, network),
  ["--metadata", "md", ...PASSWORD],
];
const hosts = (code: string, meta: Record<string, unknown>): Row => [
  code,
  Object.fromEntries(["a", "b"].map((host) => [
    `md/hosts/${host}/meta_data.json`,
    JSON.stringify({ hostname: host, ...meta }),
  ])),
  ["--metadata", "md", ...PASSWORD],
];
const ca = (code: string, text: string): Row => [
  code,
  { "ca.pem": text },
  ["--vcenter-ca", "ca.pem", ...PASSWORD],
];
const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nAAA=\n-----END CERTIFICATE-----\n";
const changed = (bytes: Uint8Array, at: number, value: number) => bytes.with(at, value);
const driver = (code: string, plan: Partial<VibPlan>, ...args: string[]): Row => [
  code,
  { "d.vib": makeVib({ name: "net-acme", ...plan }) },
  ["--driver", "d.vib", ...args, ...PASSWORD],
];
const bundle = async (code: string, options: Parameters<typeof makeBundle>[1]): Promise<Row> => [
  code,
  { "d.zip": await makeBundle([["net-acme", makeVib({ name: "net-acme" })]], options) },
  ["--driver", "d.zip", ...PASSWORD],
];
const twoDrivers = (other: Partial<VibPlan>): Row => [
  "driver-double",
  { "a.vib": makeVib({ name: "a" }), "b.vib": makeVib({ name: "b", ...other }) },
  ["--driver", "a.vib", "--driver", "b.vib", ...PASSWORD],
];
const GZIP = new Uint8Array(gzipSync("x"));

const ROWS: readonly Row[] = [
  ks("kickstart-empty", "# nothing\n\n"),
  ks("kickstart-binary", "vmaccepteula\n\x01\x02\n"),
  ks("kickstart-utf16", "v\0m\0a\0c\0c\0e\0p\0t\0"),
  ks("kickstart-foreign", "lang en_US\n%packages\n"),
  ks("kickstart-foreign", "#cloud-config\nusers: []\n"),
  ks("kickstart-foreign", "d-i debian-installer/locale string en_US\n"),
  ks("kickstart-template-mark", "vmaccepteula\nrootpw {{ password }}\n"),
  ks("kickstart-template-mark", "vmaccepteula\nrootpw <PASSWORD>\n"),
  ks("kickstart-template-mark", with_("network --bootproto=static --ip=${IP}\n")),
  ks("kickstart-include-missing", with_("%include /tmp/nobody\n")),
  ks("kickstart-command", with_("instal --firstdisk\n")),
  ks("kickstart-option", with_("clearpart --alldisks\n")),
  ks("kickstart-option", with_("network --device vmnic0\n")),
  ks("kickstart-argument", "install --firstdisk --disk=a\n"),
  ks("kickstart-argument", with_("network --bootproto=static --ip=192.0.2.300\n")),
  ks("kickstart-argument", with_("network --vlanid=5000\n")),
  ks("kickstart-argument", with_("serialnum --esx=AAAAA\n")),
  ks("kickstart-quote", with_("keyboard 'US Default\n")),
  ks("kickstart-section", with_("%post --interpreter=perl\n")),
  ks("kickstart-password-kind", "rootpw --iscrypted $y$j9T$abc\n"),
  ks("kickstart-password-kind", "rootpw --iscrypted $6$a$short\n"),
  ks("kickstart-no-eula", "install --firstdisk\n"),
  ks("kickstart-no-reboot", "vmaccepteula\n"),
  asIs("kickstart-no-install", "vmaccepteula\nreboot\n"),
  asIs("kickstart-no-password", "vmaccepteula\nreboot\n"),
  ks("kickstart-other-disk", with_("clearpart --alldrives\n")),
  ks("kickstart-other-disk", "install --disk=mpx.vmhba0:C0:T0:L0\n"),
  ks("kickstart-plain-password", "rootpw Example#Pass-77\n"),
  ks("kickstart-password-weak", "rootpw Password1\n"),
  ks("kickstart-ignored", with_("network --bootproto=dhcp --ip=192.0.2.1\n")),
  ks("kickstart-repeated", with_("install --firstdisk\n")),
  ks("kickstart-include-in-section", with_("%pre\ntouch /tmp/x\n%include /tmp/x\n")),
  ks("kickstart-end", with_("%post\necho\n%end\n")),
  ks("kickstart-crlf", GOOD.replaceAll("\n", "\r\n")),
  ks("kickstart-bom", "\ufeff" + GOOD),
  ks("kickstart-firstboot-restart", with_("%firstboot\nreboot\n")),
  ks(
    "kickstart-firstboot-restart",
    with_("%firstboot\nesxcli system shutdown reboot -d 10 -r x\n"),
  ),
  ks("kickstart-dryrun", with_("dryrun\n")),
  ks("kickstart-upgrade", "upgrade --firstdisk\n"),
  ks("kickstart-mark-in-script", with_("%post\necho {{ host }}\n")),
  ks("kickstart-merged", GOOD),
  pw("password-empty", "\n"),
  pw("password-lines", "Example#Pass-77\nmore\n"),
  pw("password-kind", "$y$j9T$abcdef$ghi\n"),
  pw("password-kind", "$2b$12$abcdefghijklmnopqrstuv\n"),
  pw("password-kind", "root:$6$a$b:19000:0:99999:7:::\n"),
  pw("password-kind", "$6$salt$tooShort\n"),
  pw("password-weak", "Password1\n"),
  ["text-encoding", { "other-pw": Uint8Array.of(0xff, 0xfe) }, [
    "--root-password-file",
    "other-pw",
  ]],
  key("ssh-key-private", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"),
  key("ssh-key-cut", RSA.slice(0, 100) + "\n"),
  key("ssh-key-none", "# none\n"),
  key("ssh-key-none", "hello\n"),
  key("ssh-key-ed25519", ED25519 + "\n"),
  ["login-none", {}, []],
  module("module-kind", "plain text"),
  module("module-kind", "PK\x03\x04zip"),
  module("module-kind", "!<arch>\ndebian"),
  module("module-kind", ""),
  module("module-kind", installerIsoBytes()),
  module("module-gzip", changed(GZIP, 2, 7)),
  module("module-gzip", changed(GZIP, 3, 0x80)),
  ["module-kind", { "d.v00": "plain text" }, ["--driver", "d.v00", ...PASSWORD]],
  driver("driver-release", { depends: ["vmkapi_2_1_0_0"] }),
  driver("driver-release", { depends: ["com.vmware.driverAPI-9.2.3"] }),
  driver("driver-release", { version: "2.0-1OEM.900.1.0.1" }),
  driver("driver-release", { hasUnpackedSha256: false }),
  driver("driver-release", {
    requires: '<softwarePlatform productLineID="embeddedEsx" version="7.*"/>',
  }),
  await bundle("driver-release", { version: "7.0.0" }),
  driver("driver-architecture", { machine: 183 }),
  await bundle("driver-architecture", { productLine: "esxio-arm" }),
  driver("driver-unsigned", { signature: "" }),
  driver("driver-unsigned", { level: "community", signature: "" }),
  twoDrivers({ name: "a" }),
  twoDrivers({ files: ["usr/lib/vmware/vmkmod/a"] }),
  driver("driver-none", { files: ["usr/share/doc/x"] }),
  driver("driver-secure-boot", {}, "--allow-secure-boot"),
  ["option-no-effect", {}, ["--allow-community-drivers", ...PASSWORD]],
  ["install-arguments", {}, ["--install-disk", "--firstdisc", ...PASSWORD]],
  ["install-arguments", {}, ["--install-disk", "--disk='a", ...PASSWORD]],
  ["install-arguments", {}, ["--install-disk", "mpx.vmhba0:C0:T0:L0", ...PASSWORD]],
  ["install-names-disk", {}, ["--install-disk", "--disk=mpx.vmhba0:C0:T0:L0", ...PASSWORD]],
  md("metadata-json", "{"),
  [
    "metadata-json",
    {
      "md/meta_data.json": new Uint8Array(
        [...'{"hostname":"'].map((c) => c.charCodeAt(0)).concat(0xf6, 0x22, 0x7d),
      ),
    },
    ["--metadata", "md", ...PASSWORD],
  ],
  md("metadata-type", [1]),
  md("metadata-type", { ...META, public_keys: [RSA] }),
  md("metadata-type", META, { ...NETWORK, links: {} }),
  md("metadata-link", META, { ...NETWORK, links: [] }),
  md("metadata-gateway", META, {
    ...NETWORK,
    networks: [{ ...NETWORK.networks[0], ip_address: "198.51.100.1" }],
  }),
  md("metadata-gateway", META, without("netmask", { ip_address: "198.51.100.1/24" })),
  md("metadata-netmask", META, without("netmask")),
  md("metadata-unknown-key", { ...META, hostnam: "x" }),
  md("metadata-no-hostname", { uuid: "u" }),
  ["metadata-folder", { "md/latest/meta_data.json": "{}" }, [
    "--metadata",
    "md",
    ...PASSWORD,
  ]],
  hosts("host-unknown", {}),
  [
    "host-ignored",
    { "md/hosts/a/meta_data.json": '{"hostname":"a","uuid":"none","serial":"X9"}' },
    ["--metadata", "md", ...PASSWORD],
  ],
  hosts("host-double", { serial: "X1" }),
  ca("certificate-none", "no PEM\n"),
  ca("certificate-private", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"),
  ["option-no-effect", {}, ["--compress", ...PASSWORD]],
  ["option-no-effect", { "ca.pem": PEM }, [
    ...["--vcenter-ca", "ca.pem", "--vcenter-insecure"],
    ...PASSWORD,
  ]],
  ["option-no-effect", { "ks.cfg": GOOD }, ["--kickstart-as-is", "ks.cfg", ...PASSWORD]],
];

/** What a row needs, and what check says of it. */
async function check(folder: Folder, [, files, args]: Row) {
  for (const [name, content] of Object.entries(files)) {
    Deno.mkdirSync(dirname(folder.file(name)), { recursive: true });
    folder.write(name, content);
  }
  const before = folder.names();
  const outcome = await esxiImg(["check", "in.iso", "-o", "out.img", "--json", ...args], {
    cwd: folder.path,
  });
  assert.deepEqual(folder.names(), before, "nothing is written");
  const findings: Found[] = JSON.parse(outcome.stdout).findings;
  return { ...outcome, findings };
}

/** The commands that make a part of what build makes, or the same in another way, share its checks. */
async function assertPartsSay(folder: Folder, [, , args]: Row, isError: boolean, line: string) {
  const of = (...options: string[]) => options.some((option) => args.includes(option));
  // Without a disk, netboot warns of its own; with a kickstart as it is none can be chosen.
  const disk = of("--install-disk", "--kickstart-as-is") ? [] : ["--install-disk", "--firstdisk"];
  const parts = [
    // MAAS, which the switch is about, boots no such tree.
    ...of("--compress", "--allow-secure-boot")
      ? []
      : [["netboot", "in.iso", "-o", "net", ...disk, ...args]],
    // It knows neither modules nor the release.
    ...of("--compress", "--module", "--driver", "--allow-community-drivers", "--ssh-key")
      ? []
      : [["payload", "-o", "p.tgz", ...args]],
  ];
  for (const command of parts) {
    const { code, stderr } = await esxiImg(command, { cwd: folder.path });
    assert.equal(code !== 0, isError, stderr);
    assert.ok(stderr.includes(line), `${command[0]}: ${stderr}`);
  }
}

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  folder.write("pw", "Example#Pass-77\n");
  return folder;
}

for (const row of ROWS) {
  const [code, files, args] = row;
  const given = Object.values(files).find((content) => !(content instanceof Uint8Array));
  Deno.test(`check: ${code}: ${JSON.stringify(given ?? args).slice(0, 60)}`, async () => {
    using folder = await withIso();
    const { code: status, stderr, findings } = await check(folder, row);
    const found = findings.find((finding) => finding.code === code);
    assert.ok(found, JSON.stringify(findings));
    const { severity } = KINDS[code as keyof typeof KINDS];
    assert.equal(found.severity, severity);
    for (const text of [found.where, found.what, found.remedy]) assert.match(text, /^\P{Cc}+$/u);
    const isError = findings.some((finding) => finding.severity === "error");
    assert.equal(status !== 0, isError);
    assert.match(stderr, isError ? /^esxi-img: \P{Cc}+\n$/u : /^$/);

    // A build says the same, and stops for the same.
    const build = ["build", "in.iso", "-o", "out.img", ...args];
    const { code: built, stderr: said } = await esxiImg(build, { cwd: folder.path });
    assert.equal(built !== 0, isError, said);
    if (severity !== "error" && isError) return;
    const line = `${found.where}: ${found.what}`;
    assert.ok(said.includes(line), said);
    await assertPartsSay(folder, row, isError, line);
    const strict = await esxiImg([...build, "--strict", "--force"], { cwd: folder.path });
    assert.equal(
      strict.code !== 0,
      severity !== "note" || findings.some((one) => one.severity === "warning"),
    );
  });
}

Deno.test("check: every kind but those of a medium or an installer has a row", () => {
  const elsewhere =
    /^(boot-cfg-|installer-|iso-large$|driver-(large|known|newer)$|install-disk-none$)/;
  const missing = Object.keys(KINDS).filter((code) =>
    !elsewhere.test(code) && !ROWS.some(([row]) => row === code)
  );
  assert.deepEqual(missing, []);
});

Deno.test("check: everything at once, and what it would do", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("ks.cfg", "vmaccepteula\nrootpw Secret-Word-9\nfoo\nbar\n");
  folder.write("id.pub", "nothing\n");
  folder.write("out.img", "");
  const args = ["check", "in.iso", "-o", "out.img", "-k", "ks.cfg", "--ssh-key", "id.pub"];
  const { stdout } = await esxiImg([...args, "--json"], { cwd });
  const codes = (JSON.parse(stdout).findings as Found[]).map(({ code }) => code);
  for (const code of ["ssh-key-none", "kickstart-command", "exists", "kickstart-no-reboot"]) {
    assert.ok(codes.includes(code), `${code} of ${codes}`);
  }
  assert.equal(codes.filter((code) => code === "kickstart-command").length, 2);
  assert.doesNotMatch(stdout, /Secret-Word/);

  const good = await mustEsxiImg(["check", "in.iso", "-o", "x.qcow2", ...PASSWORD], { cwd });
  assert.match(
    good.stdout,
    /^in\.iso: ESXi 8\.0\.3 build 24280767, for x86_64\nwould write x\.qcow2 as qcow2, /,
  );
  assert.equal(good.stderr, "");
  for (
    const [args, code] of [
      [["/none.iso"], "io"],
      [["pw"], "not-iso"],
      [["in.iso", "--label", "?"], "usage"],
      [["in.iso", "--iso-sha256", "0".repeat(64)], "mismatch"],
      [["in.iso", "--metadata", "."], "metadata-folder"],
      [["in.iso", "-o", "x.qcow2.gz"], "usage"],
      [["in.iso", "-o", "none/x.img"], "io"],
      [["in.iso", "-o", "pw/x.img"], "io"],
      [["in.iso", "-o", "x.img", "--manifest", "none/x.json"], "io"],
      [["in.iso", "-o", "x.img", "--manifest", "./x.img"], "exists"],
    ] as const
  ) {
    const outcome = await esxiImg(["check", ...args, "--json", ...PASSWORD], { cwd });
    assert.notEqual(outcome.code, 0);
    assert.equal(JSON.parse(outcome.stdout).findings[0].code, code, args.join(" "));
    const built = await esxiImg(["build", ...args, ...PASSWORD], { cwd });
    const { where, what } = JSON.parse(outcome.stdout).findings[0];
    assert.ok(built.stderr.includes(`${where}: ${what}`), built.stderr);
  }
});

Deno.test("check: options without effect beside others are refused by every command", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("ca.pem", PEM);
  await mustEsxiImg(["payload", "-o", "p.tgz", ...PASSWORD], { cwd });
  const own = [
    "--require-metadata",
    "--allow-ed25519",
    "--allow-secure-boot",
    "--maas-port-group",
    "--vcenter-insecure",
  ];
  const cases: readonly (readonly string[])[] = [
    ...own.map((option) => [option, "--payload", "p.tgz"]),
    ["--vcenter-ca", "ca.pem", "--payload", "p.tgz"],
    ["--install-disk", "--firstdisk", "--payload", "p.tgz"],
    ["--allow-secure-boot", "--no-maas", ...PASSWORD],
    ["--allow-secure-boot", "-f", "iso", ...PASSWORD],
    ["--maas-port-group", "--no-maas", ...PASSWORD],
    ["--no-maas", "-f", "iso", ...PASSWORD],
  ];
  const before = folder.names();
  for (const args of cases) {
    const of = (option: string) => args.includes(option);
    const commands = ["check", "build", ...of("--no-maas") || of("-f") ? [] : ["netboot"]];
    for (const command of commands) {
      const outcome = await esxiImg([command, "in.iso", "-o", "out.img", ...args], { cwd });
      assert.match(outcome.stderr, new RegExp(`^(?:esxi-img: |error: )${args[0]}: `, "m"));
      assert.notEqual(outcome.code, 0);
      assert.deepEqual(folder.names(), before);
    }
  }
});

Deno.test("check: docs/checks.md is made from the code", () => {
  const words = (text: string) => text.replaceAll(/[\s|-]+/g, "");
  const page = Deno.readTextFileSync(new URL("../../docs/checks.md", import.meta.url));
  assert.equal(words(page), words(documentChecks()), "deno task checks > docs/checks.md");
});
