/**
 * A newcomer's ways to get the program, by the commands that README has, each on a bare machine:
 * an ordinary user, a root that holds next to nothing, no network but loopback.
 *
 * @module
 */

import assert from "node:assert/strict";
import { VERSION } from "../../lib/version.ts";
import { makeRelease } from "../../release/make.ts";
import { hostTarget } from "../../release/targets.ts";
import { NEEDED_FOR_MACHINES, onBareMachine } from "../support/bare_machine.ts";
import { EXECUTABLE, neededForCompiled, ROOT } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { DENO_PACKAGE, packageFile, packageFiles } from "../support/npm_packages.ts";
import { copyProject, NEEDED_FOR_COPIES } from "../support/project_files.ts";
import { mustRun, type Outcome, run, testWith } from "../support/programs.ts";
import { readmeCommands } from "../support/readme.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { makeCertificates } from "../support/tls.ts";
import { unprivileged } from "../support/users.ts";

const NEEDED = [...NEEDED_FOR_MACHINES, ...neededForCompiled()];
const PORT = "4874";

let made: Promise<Folder> | undefined;

/** A release for this machine, made of the executable that the tests run, once. */
function release(): Promise<Folder> {
  made ??= (async () => {
    const folder = new Folder();
    globalThis.addEventListener("unload", () => folder[Symbol.dispose]());
    await Deno.chmod(folder.path, 0o755);
    const target = hostTarget()!;
    const { missing } = await makeRelease({
      targets: [target],
      folder: folder.path,
      runtimes: new Map(),
      executables: new Map([[target.name, EXECUTABLE]]),
      timeSeconds: Date.UTC(2026, 6, 1) / 1000,
      maintainer: "Jane Doe <jane@example.org>",
      say: () => {},
    });
    assert.deepEqual(missing, []);
    return folder;
  })();
  return made;
}

/** The one file of a release whose name ends so. */
async function releaseFile(end: string): Promise<string> {
  const { path } = await release();
  const names = [...Deno.readDirSync(path)].map(({ name }) => name);
  const name = names.filter((name) => name.endsWith(end));
  assert.equal(name.length, 1, `${end}: ${names}`);
  return `${path}/${name}`;
}

function assertDone({ code, stdout, stderr }: Outcome): void {
  assert.equal(code, 0, stdout + stderr);
}

/** Compares with what the executable, run outside, makes of `in.iso`. */
async function assertSameAsOutside(cwd: string, image: string): Promise<void> {
  const outside = ["build", "in.iso", "-q", "--force", "-o", "outside.img.gz"];
  await mustRun(EXECUTABLE, outside, { cwd });
  await mustRun("cmp", ["outside.img.gz", image], { cwd });
}

testWith(["sha256sum"], "release: SHA256SUMS covers every file", async () => {
  const { path } = await release();
  const [command] = /sha256sum [^`]*SHA256SUMS/.exec(
    await Deno.readTextFile(`${ROOT}README.md`),
  )!;
  await mustRun("sh", ["-c", command], { cwd: path });
  const listed = (await Deno.readTextFile(`${path}/SHA256SUMS`)).trim().split("\n")
    .map((line) => line.split("  ")[1]);
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).toSorted();
  assert.deepEqual([...listed, "SHA256SUMS"].toSorted(), names);
});

const NPM = [...NEEDED, "openssl", "tar", ...packageFiles()];

/** Runs a script behind the company's proxy, which has all packages, and these. */
async function behindProxy(
  folder: Folder,
  script: string,
  packages: readonly string[],
  programs: readonly string[] = [],
  binds: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const host = await onBareMachine(folder, "npm config get registry");
  const { hostname } = new URL(host.stdout.trim());
  const { authority, certificate, key } = await makeCertificates(folder, hostname);
  const all = [...packages, ...packageFiles()];
  const inside = all.map((_, i) => `/packages/${i}.tgz`);
  const proxy = `node /proxy.mjs ${PORT} ${hostname} /cert.pem /key.pem ${inside.join(" ")}`;
  const wait = `${proxy} > /tmp/proxy & while ! test -s /tmp/proxy; do :; done`;
  return await onBareMachine(folder, `set -e\n${wait}\n${script}`, {
    programs: ["tar", "gzip", ...programs],
    binds: {
      ...Object.fromEntries(all.map((path, i) => [inside[i]!, path])),
      "/proxy.mjs": `${ROOT}tests/support/npm_proxy.mjs`,
      "/ca.pem": authority,
      "/cert.pem": certificate,
      "/key.pem": key,
      ...binds,
    },
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${PORT}`,
      NODE_EXTRA_CA_CERTS: "/ca.pem",
      npm_config_prefix: "/home/user/installed",
      npm_config_update_notifier: "false",
    },
  });
}

testWith([...NPM, "rm"], "npm: npx and npm install, behind a proxy that ends TLS", async () => {
  using folder = new Folder();
  await Deno.mkdir(folder.file("home"));
  await writeSampleIso(folder.file("home/in.iso"));
  const [npx, install, ...rest] = readmeCommands("**npm**");
  assert.deepEqual(rest, []);
  const script = [
    npx,
    "npx --yes esxi-img build in.iso -q -o npx.img.gz",
    `npm_config_offline=true HTTPS_PROXY= ${npx} --json > npx.json`,
    install,
    "installed/bin/esxi-img build in.iso -q -o installed.img.gz",
    "ls installed/share/man/man1",
    "rm -r installed/lib/node_modules/esxi-img/node_modules/@deno",
    "if installed/bin/esxi-img --version; then exit 99; fi",
  ].join("\n");
  const archive = await releaseFile(`esxi-img-${VERSION}.tgz`);
  const outcome = await behindProxy(folder, script, [archive], ["rm"]);
  assertDone(outcome);
  assert.match(outcome.stdout, new RegExp(`${VERSION}\n[\\s\\S]*esxi-img-build\\.1\n`));
  // without Deno's package: one line
  assert.match(
    outcome.stderr,
    /esxi-img: its package @deno\/linux-\w+-glibc is not installed; .*\n$/,
  );
  const { permissions } = JSON.parse(await Deno.readTextFile(folder.file("home/npx.json")));
  const executable = JSON.parse((await mustRun(EXECUTABLE, ["--version", "--json"])).stdout);
  assert.deepEqual(permissions, executable.permissions);
  for (const image of ["npx.img.gz", "installed.img.gz"]) {
    await assertSameAsOutside(folder.file("home"), image);
  }
});

testWith([...NPM, "cp"], "npm: from two files, offline", async () => {
  using folder = new Folder();
  const [pack, install, ...rest] = readmeCommands("Offline:");
  assert.deepEqual([pack, rest], [`npm pack esxi-img ${DENO_PACKAGE}`, []]);
  const carried = [await releaseFile(`esxi-img-${VERSION}.tgz`), packageFile(DENO_PACKAGE)];
  const names = carried.map((path) => path.split("/").at(-1));
  const outcome = await onBareMachine(
    folder,
    `cp /carried/* . && ${install} && installed/bin/esxi-img --version`,
    {
      programs: ["tar", "gzip", "cp"],
      binds: Object.fromEntries(carried.map((path, i) => [`/carried/${names[i]}`, path])),
      env: { npm_config_prefix: "/home/user/installed" },
    },
  );
  assertDone(outcome);
  assert.ok(outcome.stdout.endsWith(`\n${VERSION}\n`), outcome.stdout);
});

testWith([...NEEDED, "tar", "gzip"], "the executable, from its archive", async () => {
  using folder = new Folder();
  await Deno.mkdir(folder.file("home"));
  await writeSampleIso(folder.file("home/in.iso"));
  const archive = await releaseFile(`-${hostTarget()!.name}.tar.gz`);
  await Deno.copyFile(archive, folder.file(`home/${archive.split("/").at(-1)}`));
  // README is about the machine that most people have.
  const commands = readmeCommands("**The executable**").join("\n")
    .replaceAll("linux-x64", hostTarget()!.name);
  const program = commands.split("\n").at(-1)!.split(" ")[0];
  const outcome = await onBareMachine(
    folder,
    `set -e\n${commands}\n${program} build in.iso -q -o inside.img.gz\n` +
      `cat "$(dirname ${program})/docs/scripts.md" > scripts.md`,
    { programs: ["tar", "gzip", "dirname"], isWithoutNode: true },
  );
  assertDone(outcome);
  assert.equal(outcome.stdout, `${VERSION}\n`);
  await mustRun("cmp", [folder.file("home/scripts.md"), `${ROOT}docs/scripts.md`]);
  await assertSameAsOutside(folder.file("home"), "inside.img.gz");
});

testWith([...NEEDED, "dpkg", "lintian", "man", "bash"], "the Debian package", async (t) => {
  using folder = new Folder();
  await Deno.chmod(folder.path, 0o777);
  const deb = await releaseFile(".deb");
  const [command, ...rest] = readmeCommands("**Debian and Ubuntu**");
  const name = deb.split("/").at(-1)!.replace(/_[^_]*$/, "_amd64.deb");
  assert.deepEqual([command, rest], [`sudo apt-get install ./${name}`, []]);
  await t.step("lintian finds nothing", async () => {
    const args = ["--allow-root", "--fail-on", "error,warning", "--info", deb];
    const env = { TMPDIR: folder.path }; // it leaves files there
    assert.equal((await mustRun("lintian", args, { env })).stdout, "");
  });
  // As root of a user namespace, into a folder, with a list of what its dependencies are here.
  const asUser = async (...command: string[]) => {
    const [program, ...args] = unprivileged(command);
    assertDone(await run(program!, args, { env: { HOME: folder.path } }));
  };
  const depends = (await mustRun("dpkg-deb", ["--field", deb, "Depends"])).stdout;
  const names = depends.replaceAll(/ \([^)]*\)/g, "").trim().split(", ");
  const root = folder.file("root");
  const lists = folder.file("dpkg");
  const script = 'cd "$0" && mkdir -p root dpkg/info dpkg/triggers dpkg/updates && ' +
    'dpkg-query --status "$@" > dpkg/status';
  await asUser("sh", "-c", script, folder.path, ...names);
  const dpkg = async (...args: string[]) => {
    const namespace = [
      "bwrap",
      "--unshare-all",
      "--uid",
      "0",
      "--gid",
      "0",
      "--dev-bind",
      "/",
      "/",
    ];
    const places = [`--admindir=${lists}`, `--instdir=${root}`, "--log=/dev/null"];
    await asUser(...namespace, "dpkg", ...places, ...args);
  };
  await t.step("dpkg installs it, its dependencies are there", async () => {
    await dpkg("--install", deb);
    const inside = await onBareMachine(folder, "esxi-img --version", {
      isWithoutNode: true,
      binds: { "/usr/bin/esxi-img": `${root}/usr/bin/esxi-img` },
    });
    assert.equal(inside.stdout, `${VERSION}\n`, inside.stderr);
  });
  await t.step("its manual pages and completions are found", async () => {
    const { stdout } = await mustRun("man", ["-M", `${root}/usr/share/man`, "esxi-img-build"]);
    assert.match(stdout, /--root-password-file FILE/);
    const completions = `${root}/usr/share/bash-completion/completions/esxi-img`;
    const line = `source '${completions}'; complete -p esxi-img`;
    assert.match((await mustRun("bash", ["-c", line])).stdout, /_esxi_img esxi-img/);
  });
  await t.step("dpkg removes it, and nothing stays", async () => {
    await dpkg("--purge", "esxi-img");
    assert.deepEqual([...Deno.readDirSync(root)], []);
  });
});

testWith([...NEEDED, "skopeo", "umoci", "tar"], "the container image", async (t) => {
  using folder = new Folder();
  await Deno.chmod(folder.path, 0o777);
  const image = await releaseFile(".oci.tar");
  const [load, start, ...rest] = readmeCommands("**A container**");
  const file = image.split("/").at(-1)!.replace(hostTarget()!.name, "linux-x64");
  assert.deepEqual([load, rest], [`podman load --input ${file}`, []]);
  // What podman does with these options, done by umoci and bubblewrap: they need no daemon.
  const options = [
    ...["podman", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "all"],
    ...["--userns", "keep-id", "--volume", '"$PWD:/work"', `localhost/esxi-img:${VERSION}`],
  ].join(" ");
  assert.ok(start!.startsWith(`${options} `), start);
  const args = start!.slice(options.length + 1).split(" ");
  const { stdout } = await mustRun("skopeo", ["inspect", "--config", `oci-archive:${image}`]);
  const { config } = JSON.parse(stdout);

  await Deno.mkdir(folder.file("oci"));
  await mustRun("tar", ["xf", image, "-C", folder.file("oci")]);
  const bundle = folder.file("bundle");
  const source = `${folder.file("oci")}:localhost/esxi-img:${VERSION}`;
  const unpack = ["umoci", "unpack", "--rootless", "--image", source, bundle];
  const [umoci, ...unpackArgs] = unprivileged(unpack);
  assertDone(await run(umoci!, unpackArgs, { env: { HOME: folder.path } }));

  await Deno.mkdir(folder.file("work"));
  await Deno.chmod(folder.file("work"), 0o777);
  await writeSampleIso(folder.file("work/esxi.iso"));
  await Deno.copyFile(folder.file("work/esxi.iso"), folder.file("work/in.iso"));
  const inContainer = async (...args: string[]) => {
    const [uid, gid] = config.User.split(":");
    const [program, ...rest] = unprivileged([
      ...["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--cap-drop", "ALL"],
      ...["--uid", uid, "--gid", gid, "--ro-bind", `${bundle}/rootfs`, "/", "--proc", "/proc"],
      ...["--bind", folder.file("work"), "/work", "--chdir", config.WorkingDir],
      ...[...config.Entrypoint, ...args],
    ]);
    return await run(program!, rest);
  };
  await t.step("it builds, and verifies what it has built", async () => {
    assertDone(await inContainer(...args, "-q"));
    assertDone(await inContainer("verify", "esxi.img.gz", "--iso", "esxi.iso"));
    await mustRun(EXECUTABLE, ["build", "in.iso", "-q"], { cwd: folder.file("work") });
  });
  await t.step("it writes nowhere else", async () => {
    const { code, stderr } = await inContainer("build", "esxi.iso", "-o", "/usr/out.img");
    assert.equal(code, 1);
    assert.match(stderr, /^esxi-img: \/usr\/out\.img: .*\n$/);
  });
  await t.step("there is nothing in it but the program, its libraries and licences", async () => {
    const { stdout } = await mustRun("find", [
      `${bundle}/rootfs`,
      "-type",
      "f",
      "-printf",
      "%P\\n",
    ]);
    for (const path of stdout.trim().split("\n")) {
      assert.match(
        path,
        /^(usr\/bin\/esxi-img|lib(64)?\/(\S+\/)?\S+\.so\.\d+|usr\/share\/doc\/\S+)$/,
      );
    }
  });
});

testWith(
  [...NPM, ...NEEDED_FOR_COPIES, "make", "rm"],
  "a clone, in a folder with a blank and an umlaut",
  async () => {
    using folder = new Folder();
    const clone = folder.file("clone");
    await copyProject(clone);
    const [demo, ...rest] = readmeCommands("From a clone of this");
    assert.deepEqual(rest, []);
    const script = [
      'cp -r /clone "ein Größter Test" && cd "ein Größter Test"',
      demo,
      // by its sources, which npm's Deno runs, and from another folder
      "make ISO=dist/demo/installer.iso",
      'cd .. && make -C "ein Größter Test" ISO="$PWD/ein Größter Test/dist/demo/installer.iso" ' +
      "IMAGE=again.dd.gz",
    ].join("\n");
    const programs = ["make", "cp", "rm"];
    const outcome = await behindProxy(folder, script, [], programs, { "/clone": clone });
    assertDone(outcome);
    assert.match(outcome.stdout, /\ninstaller\.img\.gz: verified: /);
    const made = folder.file("home/ein Größter Test");
    const images = ["vmware-esxi.dd.gz", "again.dd.gz"];
    for (const image of images) {
      await mustRun(EXECUTABLE, ["verify", image, "--iso", "dist/demo/installer.iso"], {
        cwd: made,
      });
    }
    await mustRun("cmp", images, { cwd: made });
  },
);
