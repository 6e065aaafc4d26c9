/**
 * Outputs that cannot or must not be written: refused in one line, and everything is as it was.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg, run, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { sha256OfFile } from "../support/trees.ts";
import { reachableExecutable, unprivileged } from "../support/users.ts";

const ANOTHER_NAME = /^pass another name$/;

/** A folder with an ISO that is gone at the end of its block. */
async function withIso(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  return folder;
}

for (
  const [kind, args] of [["an image", []], ["a manifest", ["-o", "x.img", "--manifest"]]] as const
) {
  Deno.test(`${kind} that exists is only replaced by --force`, async () => {
    using folder = await withIso();
    const { path: cwd } = folder;
    folder.write("out.img", "precious");
    const build = ["build", "in.iso", ...(kind === "an image" ? ["-o"] : args), "out.img"];
    assertRefused(await esxiImg(build, { cwd }), {
      names: "out.img",
      says: /the file exists/,
      advises: /^pass --force to replace it, or another name$/,
    });
    assert.equal(await Deno.readTextFile(folder.file("out.img")), "precious");
    assert.deepEqual(folder.names(), ["in.iso", "out.img"]);
    await mustEsxiImg([...build, "--force"], { cwd });
    assert.notEqual((await Deno.stat(folder.file("out.img"))).size, 8);
    assert.deepEqual(folder.names().filter((name) => name.startsWith(".")), []);
  });
}

Deno.test("no input is ever replaced", async (t) => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("pw", "VMware1!\n");
  folder.write("ks.cfg", "vmaccepteula\n");
  folder.write(
    "id.pub",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMwCHH0TBaOfJSd4sdQ5gwsm7j/UwAXxaJnI06ctNuO me\n",
  );
  folder.write("mod.v00", "\x7fELF module");
  await mustEsxiImg(["payload", "-o", "p.tgz"], { cwd });
  await Deno.mkdir(folder.file("sub"));
  const host = "rack/hosts/one/openstack/latest";
  for (const place of ["md", host]) await Deno.mkdir(folder.file(place), { recursive: true });
  const uuid = JSON.stringify({ uuid: "4c4c4544-0000-2010-8020-80c04f202020" });
  for (const name of ["md/meta_data.json", `${host}/meta_data.json`, `${host}/user_data`]) {
    folder.write(name, uuid);
  }
  await Deno.link(folder.file("in.iso"), folder.file("hard.iso"));
  await Deno.symlink("in.iso", folder.file("link.iso"));
  await Deno.symlink(".", folder.file("here"));
  const before = folder.names();
  const build = (
    output: string,
    ...more: string[]
  ) => ["build", "in.iso", "-f", "raw", "--force", "-o", output, ...more];
  const runs = [
    build("in.iso"),
    build("./sub/../in.iso"),
    build("here/in.iso"),
    build(`${cwd}/in.iso`),
    ["build", "link.iso", "-f", "raw", "--force", "-o", "in.iso"],
    build("hard.iso"),
    build("md/meta_data.json", "--metadata", "md"),
    build("md/../md/meta_data.json", "--metadata", "md/"),
    build(`${host}/user_data`, "--metadata", "rack"),
    build("x.img", "--metadata", "rack", "--manifest", `${host}/user_data`),
    build("pw", "--root-password-file", "pw"),
    build("ks.cfg", "-k", "ks.cfg"),
    build("id.pub", "--ssh-key", "id.pub"),
    build("p.tgz", "--payload", "p.tgz"),
    build("mod.v00", "--module", "mod.v00"),
    build("x.img", "--manifest", "in.iso"),
    build("x.img", "--manifest", "x.img"),
    build("x.img", "--manifest", "sub/../x.img"),
    build("x.img", "--manifest", "ks.cfg", "-k", "ks.cfg"),
    ["payload", "-k", "ks.cfg", "-o", "ks.cfg", "--force"],
    ["kickstart", "--root-password-file", "pw", "-o", "pw", "--force"],
  ];
  for (const args of runs) {
    await t.step(args.join(" "), async () => {
      const hashes = () => Promise.all(before.filter((name) => /\./.test(name)).map(hash));
      const hash = (name: string) => sha256OfFile(folder.file(name));
      const were = await hashes();
      const outcome = await esxiImg(args, { cwd });
      const names = args[args.indexOf(args.includes("--manifest") ? "--manifest" : "-o") + 1]!;
      const says = /the same run reads or writes it/;
      assertRefused(outcome, { names, says, advises: ANOTHER_NAME });
      assert.deepEqual(await hashes(), were);
      assert.deepEqual(folder.names(), before);
    });
  }
});

Deno.test("a symbolic link is not followed, and only replaced by --force", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("target", "precious");
  for (const target of ["target", "not-there"]) {
    await Deno.symlink(target, folder.file("out.img"));
    const before = folder.names();
    assertRefused(await esxiImg(["build", "in.iso", "-o", "out.img"], { cwd }), {
      names: "out.img",
      says: /a symbolic link of that name exists/,
      advises: /^pass --force to replace it/,
    });
    assert.deepEqual(folder.names(), before);
    await mustEsxiImg(["build", "in.iso", "-o", "out.img", "--force"], { cwd });
    assert.ok((await Deno.lstat(folder.file("out.img"))).isFile);
    assert.deepEqual(folder.names(), before);
    await Deno.remove(folder.file("out.img"));
  }
  assert.equal(await Deno.readTextFile(folder.file("target")), "precious");
});

Deno.test("places that hold no output", async (t) => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await Deno.mkdir(folder.file("sub"));
  const CHECK = /^check the path$/;
  const cases: readonly (readonly [output: string, says: RegExp, advises: RegExp])[] = [
    ["none/out.img", /cannot write: no such file or folder/, CHECK],
    ["in.iso/out.img", /cannot write: a part of its path is not a folder/, CHECK],
    ["sub", /it is a folder/, /^pass the name of a file in it$/],
    ["sub/", /it is a folder/, /^pass the name of a file in it$/],
    ["none/", /cannot write/, CHECK],
    [`${"x".repeat(300)}.img`, /cannot write: its name is too long/, /^choose a shorter one$/],
    ["/dev/full", /cannot write: the program opens nothing in \/dev/, /redirect standard output/],
    ["/proc/out.img", /cannot write/, /./],
  ];
  for (const [output, says, advises] of cases) {
    await t.step(output.slice(0, 20), async () => {
      for (const more of [[], ["--force"]]) {
        const outcome = await esxiImg(["build", "in.iso", "-f", "raw", "-o", output, ...more], {
          cwd,
        });
        assertRefused(outcome, { names: output, says, advises });
        assert.deepEqual(folder.names(), ["in.iso", "sub"]);
      }
    });
  }
  await t.step("a manifest that cannot be written leaves no image", async () => {
    const args = ["build", "in.iso", "-o", "out.img", "--manifest", "none/m.json"];
    assertRefused(await esxiImg(args, { cwd }), {
      names: "none/m.json",
      says: /cannot write: no such file or folder/,
      advises: CHECK,
    });
    assert.deepEqual(folder.names(), ["in.iso", "sub"]);
  });
});

testWith(["setpriv"], "permissions that are missing", async (t) => {
  using folder = await withIso();
  const { path: cwd } = folder;
  await Deno.chmod(cwd, 0o755);
  const executable = await reachableExecutable(folder);
  const asNobody = async (args: readonly string[]) => {
    const [command, ...rest] = unprivileged([executable, ...args]);
    return await run(command!, rest, { cwd });
  };
  await Deno.mkdir(folder.file("closed"), { mode: 0o555 });
  await Deno.chmod(folder.file("closed"), 0o555);
  const denied = { says: /permission denied/, advises: /^check the permissions of the file/ };
  try {
    await t.step("to write into the folder", async () => {
      const outcome = await asNobody(["build", "in.iso", "-o", "closed/a.img"]);
      assertRefused(outcome, { names: "closed/a.img", ...denied });
      assert.deepEqual([...Deno.readDirSync(folder.file("closed"))], []);
    });
    await t.step("to read the ISO", async () => {
      await Deno.chmod(folder.file("in.iso"), 0o000);
      const outcome = await asNobody(["build", "in.iso", "-o", "-"]);
      assertRefused(outcome, { names: "in.iso", ...denied });
      await Deno.chmod(folder.file("in.iso"), 0o644);
    });
    await t.step("to read the password", async () => {
      folder.write("pw", "VMware1!");
      await Deno.chmod(folder.file("pw"), 0o000);
      const args = ["build", "in.iso", "-o", "-", "--root-password-file", "pw"];
      assertRefused(await asNobody(args), { names: "pw", ...denied });
    });
  } finally {
    await Deno.chmod(folder.file("closed"), 0o755);
  }
});

Deno.test("a size that is too small names one that is not", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const build = ["build", "in.iso", "-o", "out.img", "--size"];
  for (const more of [[], ["--free", "100M"]]) {
    const outcome = await esxiImg([...build, "3M", ...more], { cwd });
    const fitting = /pass --size (\d+M) or more/.exec(outcome.stderr)?.[1] ?? "";
    assertRefused(outcome, { names: "in.iso", says: /do not fit/, advises: /pass --size \d+M/ });
    assert.deepEqual(folder.names(), ["in.iso"]);
    const less = `${parseInt(fitting) - 1}M`;
    assert.equal((await esxiImg([...build, less, ...more], { cwd })).code, 1);
    await mustEsxiImg([...build, fitting, "--verify", ...more], { cwd });
    assert.equal((await Deno.stat(folder.file("out.img"))).size, parseInt(fitting) * 1024 ** 2);
    await Deno.remove(folder.file("out.img"));
  }
  for (const [option, size] of [["--size", "2049G"], ["--free", "3T"], ["--free", "8000T"]]) {
    const outcome = await esxiImg(["build", "in.iso", "-o", "out.img", option!, size!], { cwd });
    const says = /a FAT32 volume must be smaller than 2 TiB/;
    assertRefused(outcome, { names: "in.iso", says, advises: /pass a smaller --size or --free/ });
    assert.deepEqual(folder.names(), ["in.iso"]);
  }
});

Deno.test("an ISO with another SHA-256 leaves nothing", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const right = await sha256OfFile(folder.file("in.iso"));
  const wrong = right.replace(/^./, (digit) => digit === "0" ? "1" : "0");
  const args = ["build", "in.iso", "-o", "out.img.gz", "--manifest", "m.json", "--iso-sha256"];
  assertRefused(await esxiImg([...args, wrong], { cwd }), {
    names: "in.iso",
    says: new RegExp(`its SHA-256 is ${right}, not ${wrong}`),
    advises: /download it again, or correct --iso-sha256/,
  });
  assert.deepEqual(folder.names(), ["in.iso"]);
  await mustEsxiImg([...args, right.toUpperCase()], { cwd });
  assert.deepEqual(folder.names(), ["in.iso", "m.json", "out.img.gz"]);
});

Deno.test("a.img does not take a.img.gz for its own partial file", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  const args = ["build", "in.iso", "-o", "a.img.gz", "--manifest", "a.img"];
  await mustEsxiImg(args, { cwd });
  assert.deepEqual(folder.names(), ["a.img", "a.img.gz", "in.iso"]);
});

Deno.test("secrets are for their owner alone, other files as the umask says", async () => {
  using folder = await withIso();
  const { path: cwd } = folder;
  folder.write("pw", "VMware1!\n");
  folder.write("ks.cfg", "rootpw VMware1!\n");
  await Deno.mkdir(folder.file("md"));
  folder.write("md/meta_data.json", "{}");
  const modeAfter = async (umask: number, ...args: string[]) => {
    const before = Deno.umask(umask);
    try {
      await mustEsxiImg([...args, "-o", "out.img", "--force"], { cwd });
      return (await Deno.stat(folder.file("out.img"))).mode! & 0o7777;
    } finally {
      Deno.umask(before);
    }
  };
  const modes: Record<string, number> = {};
  for (const umask of [0o000, 0o022, 0o027]) {
    modes[umask] = await modeAfter(umask, "build", "in.iso");
    modes[`payload ${umask}`] = await modeAfter(umask, "payload");
  }
  assert.deepEqual(modes, {
    [0o000]: 0o666,
    [0o022]: 0o644,
    [0o027]: 0o640,
    [`payload ${0o000}`]: 0o666,
    [`payload ${0o022}`]: 0o644,
    [`payload ${0o027}`]: 0o640,
  });
  for (const secret of [["--root-password-file", "pw"], ["-k", "ks.cfg"], ["--metadata", "md"]]) {
    for (const command of [["build", "in.iso"], ["payload"], ["kickstart"]]) {
      assert.equal(await modeAfter(0o000, ...command, ...secret), 0o600);
    }
  }
});
