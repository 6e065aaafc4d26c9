/**
 * The password is nowhere: only its hash is, and only where the host needs it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { unpackFromImage } from "../support/inside.ts";
import { esxiImg, mustEsxiImg, mustRun, type Outcome, run, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const PASSWORD = "Corréct horse-battery_7";
const NEEDED = ["mtype", "tar", "find", "grep", "openssl", "zcat"];

async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  return folder;
}

/** Neither the password nor its parts are in a text. */
function assertSilent({ stdout, stderr }: Outcome, hash?: string): void {
  for (const text of [stdout, stderr]) {
    assert.ok(!text.includes(PASSWORD) && !text.includes("battery"), text);
    if (hash !== undefined) assert.ok(!text.includes(hash), text);
  }
}

/** The hash that an image sets. */
async function hashIn(image: string): Promise<string> {
  const payload = await unpackFromImage(image);
  const text = (path: string) => new TextDecoder().decode(payload[path]);
  const hash = /^rootpw --iscrypted (\S+)$/m.exec(text("esxiimg/KS.CFG"))?.[1] ?? "";
  assert.equal(JSON.parse(text("esxiimg/image.json")).root_password_hash, hash);
  return hash;
}

testWith(NEEDED, "the password's hash is right, and the password is in no output", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("pw", `${PASSWORD}\n`);
  const pw = ["--root-password-file", "pw"];
  const outputs = ["out.img", "out.img.gz", "out.qcow2", "m.json", "esxiimg.tgz", "ks.cfg"];
  const all = [
    await mustEsxiImg(["build", "in.iso", "-o", "out.img", ...pw, "--manifest", "m.json"], { cwd }),
    await mustEsxiImg(["build", "in.iso", "-o", "out.img.gz", ...pw, "--json"], { cwd }),
    await mustEsxiImg(["build", "in.iso", "-o", "out.qcow2", ...pw, "--verify"], { cwd }),
    await mustEsxiImg(["payload", ...pw], { cwd }),
    await mustEsxiImg(["kickstart", "-o", "ks.cfg", ...pw], { cwd }),
    await mustEsxiImg(["inspect", "out.img"], { cwd }),
    await mustEsxiImg(["inspect", "--json", "out.img.gz"], { cwd }),
    await mustEsxiImg(["verify", "out.img", "--iso", "in.iso", "--json"], { cwd }),
  ];
  const hash = await hashIn(folder.file("out.img"));
  const salt = /^\$6\$([./0-9A-Za-z]{16})\$/.exec(hash)?.[1];
  assert.ok(salt !== undefined, hash);
  const openssl = await mustRun("openssl", ["passwd", "-6", "-salt", salt, PASSWORD]);
  assert.equal(hash, openssl.stdout.trim());

  const unpacked = await unpackFromImage(folder.file("out.img"));
  for (const [path, bytes] of Object.entries(unpacked)) {
    assert.ok(!new TextDecoder().decode(bytes).includes("battery"), path);
  }
  for (const outcome of all) assertSilent(outcome, hash);
  const manifest = await Deno.readTextFile(folder.file("m.json"));
  assert.ok(!manifest.includes(hash) && !manifest.includes("$6$"));
  for (const name of outputs) {
    for (const word of [PASSWORD, "battery"]) {
      assert.ok(!await holds(folder.file(name), word), `${name} holds ${word}`);
    }
  }
});

/** Whether a file, or what it unpacks to, holds a word. */
async function holds(path: string, word: string): Promise<boolean> {
  const line = '{ cat "$0"; zcat -f "$0"; } | grep -a -c -F -e "$1"';
  const { code } = await run("bash", ["-c", line, path, word]);
  assert.ok(code <= 1, "grep could search");
  return code === 0;
}

testWith(NEEDED, "password files as editors and tools write them", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const hashes = new Set<string>();
  const contents = [PASSWORD, `${PASSWORD}\n`, `${PASSWORD}\r\n`, `\ufeff${PASSWORD}\n`];
  const build = async (source: string, stdin?: string) => {
    const args = ["build", "in.iso", "-q", "--force", "-o", "out.img"];
    await mustEsxiImg([...args, "--root-password-file", source], { cwd, stdin });
    return await hashIn(folder.file("out.img"));
  };
  for (const content of contents) {
    folder.write("pw", content);
    hashes.add(await build("pw"));
    hashes.add(await build("-", content));
  }
  assert.equal(hashes.size, 1);
  // Blanks at the ends are the password's own.
  folder.write("pw", ` ${PASSWORD} \n`);
  assert.ok(!hashes.has(await build("pw")));
  // A hash is taken as it is.
  const ready = "$6$rounds=5000$saltsalt$" + "a".repeat(86);
  folder.write("pw", `${ready}\n`);
  assert.equal(await build("pw"), ready);
});

testWith(NEEDED, "no failure tells the password", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("pw", `${PASSWORD}\n`);
  folder.write("two", `${PASSWORD}\n${PASSWORD}\n`);
  folder.write("latin1", new Uint8Array([...new TextEncoder().encode(PASSWORD), 0xff]));
  folder.write("bad.json", `{"admin_pass": "${PASSWORD}"`);
  await Deno.mkdir(folder.file("md"));
  folder.write("md/meta_data.json", `{"admin_pass": "${PASSWORD}"`);
  const pw = ["--root-password-file", "pw"];
  const failing = [
    ["build", "none.iso", ...pw],
    ["build", "in.iso", ...pw, "-o", "none/out.img"],
    ["build", "in.iso", ...pw, "--size", "1M", "-o", "out.img"],
    ["build", "in.iso", ...pw, "--iso-sha256", "0".repeat(64), "-o", "out.img"],
    ["build", "in.iso", "--root-password-file", "two"],
    ["build", "in.iso", "--root-password-file", "latin1"],
    ["build", "in.iso", "--ssh-key", "pw"],
    ["build", "in.iso", "--metadata", "md"],
    ["build", "in.iso", "--payload", "pw"],
    ["payload", "--root-password-file", "two"],
  ];
  for (const args of failing) {
    for (const more of [[], ["--debug"]]) {
      const outcome = await esxiImg([...args, ...more], { cwd });
      assert.notEqual(outcome.code, 0, args.join(" "));
      assertSilent(outcome);
    }
  }
});

testWith(
  NEEDED,
  "images of one ISO with different passwords share salt and GUIDs, no more",
  async () => {
    using folder = await withIso();
    const { path: cwd } = folder;
    const build = async (password: string) => {
      folder.write("pw", password);
      const args = ["build", "in.iso", "-q", "--force", "-o", "out.img"];
      await mustEsxiImg([...args, "--root-password-file", "pw"], { cwd });
      return (await hashIn(folder.file("out.img"))).split("$");
    };
    const [one, other] = [await build("VMware1!"), await build("VMware2!")];
    assert.equal(one[2], other[2]);
    assert.notEqual(one[3], other[3]);
  },
);
