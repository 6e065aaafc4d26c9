// The kickstarts in testdata/cases/kickstart, from the command line.
import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { unpackFromImage } from "../support/inside.ts";
import { esxiImg, mustEsxiImg, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const CASES = `${import.meta.dirname}/../../testdata/cases/kickstart/`;
const NEEDED = ["mcopy", "sgdisk"];

/** A folder with an ISO and the case's kickstart as ks.cfg. */
async function withCase(name: string): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  folder.write("ks.cfg", Deno.readFileSync(`${CASES}${name}.cfg`));
  return folder;
}

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

testWith(NEEDED, "kickstart case everyday: theirs and ours, and a few lines about it", async () => {
  using folder = await withCase("everyday");
  const { path: cwd } = folder;
  const { stderr } = await mustEsxiImg(["build", "in.iso", "-o", "a.img", "-k", "ks.cfg"], { cwd });
  assert.match(stderr, /^warning: ks\.cfg:5:1: rootpw has the password as plain text; /m);
  assert.match(stderr, /^note: ks\.cfg:8: install is put on the disk that the image was written/m);
  assert.match(stderr, /^note: ks\.cfg:17: this %firstboot script runs between ours$/m);
  assert.ok(stderr.trimEnd().split("\n").length <= 8, stderr);
  assert.doesNotMatch(stderr, /Example-Passw0rd/);

  const payload = await unpackFromImage(folder.file("a.img"));
  const kickstart = text(payload["esxiimg/KS.CFG"]);
  const given = Deno.readTextFileSync(`${CASES}everyday.cfg`);
  assert.ok(kickstart.includes(given.slice(given.indexOf("%firstboot"))), "byte for byte");
  assert.match(kickstart, /^install --firstdisk --overwritevmfs$/m);
  assert.match(kickstart, /^network --hostname=esx01 .*--ip=192\.0\.2\.10 /m);
  assert.match(kickstart, /^rootpw Example-Passw0rd$/m);
  const scripts = [...kickstart.matchAll(/^sh \/esxiimg\/(.*)$/gm)].map(([, script]) => script);
  assert.deepEqual(scripts, ["pre.sh", "post.sh", "firstbt.sh configure", "firstbt.sh finish"]);
  const facts = JSON.parse(text(payload["esxiimg/image.json"]));
  assert.equal(facts.install_disk, "--firstdisk --overwritevmfs");
});

testWith(NEEDED, "kickstart case old-template: as the Python tool took it", async () => {
  using folder = await withCase("old-template");
  const { path: cwd } = folder;
  await mustEsxiImg(["gen-img", "in.iso", "old.img", "--ks-template", "ks.cfg"], { cwd });
  const payload = await unpackFromImage(folder.file("old.img"));
  const commands = text(payload["esxiimg/KS.CFG"]).split("\n%pre")[0]!.split("\n");
  assert.deepEqual(commands.filter((line) => /^[^#]/.test(line)), [
    "vmaccepteula",
    "%include /tmp/esxiimg/disk",
    "reboot",
    "%include /tmp/esxiimg/network",
    "%include /tmp/esxiimg/rootpw",
  ]);
  await mustEsxiImg(["installer-helper", "helper.tgz", "--ks-template", "ks.cfg"], { cwd });
  assertRefused(await esxiImg(["payload", "-k", "ks.cfg"], { cwd }), {
    names: "ks.cfg:5:10",
    says: /nothing writes \/tmp\/rootpw, which is included/,
    advises: /%pre/,
  });
});

testWith(NEEDED, "kickstart case noreboot: it is added, and that is said", async () => {
  using folder = await withCase("noreboot");
  const { path: cwd } = folder;
  const { stdout, stderr } = await mustEsxiImg(["kickstart", "-k", "ks.cfg"], { cwd });
  assert.match(stderr, /^warning: ks\.cfg: it lacks reboot, which was added; /m);
  assert.match(stdout.split("\n%pre")[0]!, /^reboot$/m);
  const strict = await esxiImg(["kickstart", "-k", "ks.cfg", "--strict"], { cwd });
  assertRefused(strict, { names: "ks.cfg:2:1", says: /plain text/, advises: /--iscrypted/ });
});

const REFUSED: Readonly<Record<string, readonly [says: RegExp, advises: RegExp]>> = {
  empty: [/it holds no command/, /leave the option out/],
  utf16: [/UTF-16/, /UTF-8/],
  "linux-ks": [/Red Hat's installer \(lang, url, %packages\)/, /ESXi's/],
};

for (const [name, [says, advises]] of Object.entries(REFUSED)) {
  Deno.test(`kickstart case ${name}: refused, with what it is`, async () => {
    using folder = await withCase(name);
    const { path: cwd } = folder;
    for (const option of ["-k", "--kickstart-as-is"]) {
      const args = ["build", "in.iso", "-o", "out.img", option, "ks.cfg"];
      assertRefused(await esxiImg(args, { cwd }), { names: "ks.cfg", says, advises });
      assert.deepEqual(folder.names(), ["in.iso", "ks.cfg"]);
    }
  });
}
