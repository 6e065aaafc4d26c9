/**
 * Makes a machine ready for the tests: the programs that judge what we write, and our executable.
 * `deno task test` runs it; on a machine that is ready it does nothing.
 *
 * Without root the missing programs are named, and the tests that need them are skipped; with
 * CI=true a missing program is an error.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { isExecutableCurrent, noteExecutable } from "./executable.ts";

/** Debian's packages, and a file of each that shows that it is installed. */
const PACKAGES: Readonly<Record<string, string>> = {
  xorriso: "/usr/bin/xorriso",
  mtools: "/usr/bin/mcopy",
  dosfstools: "/sbin/fsck.fat",
  gdisk: "/sbin/sgdisk",
  fdisk: "/sbin/sfdisk",
  "qemu-utils": "/usr/bin/qemu-img",
  "qemu-system-x86": "/usr/bin/qemu-system-x86_64",
  ovmf: "/usr/share/OVMF/OVMF_CODE_4M.fd",
  "grub-efi-amd64-bin": "/usr/lib/grub/x86_64-efi/kernel.img",
  "grub-common": "/usr/bin/grub-mkstandalone",
  pigz: "/usr/bin/pigz",
  python3: "/usr/bin/python3",
  "python3-pycdlib": "/usr/share/doc/python3-pycdlib",
  "python3-yaml": "/usr/share/doc/python3-yaml",
  "busybox-static": "/bin/busybox",
  shellcheck: "/usr/bin/shellcheck",
  openssl: "/usr/bin/openssl",
  bubblewrap: "/usr/bin/bwrap",
  make: "/usr/bin/make",
  strace: "/usr/bin/strace",
  faketime: "/usr/bin/faketime",
  "util-linux": "/usr/bin/setpriv",
  ipxe: "/usr/lib/ipxe/ipxe.iso",
  "grub-rescue-pc": "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
  "memtest86+": "/usr/lib/memtest86+/memtest86+x64.iso",
};

/**
 * The runtime that `deno compile` puts before our code comes from a host that not every machine
 * reaches. An npm package that was itself made by `deno compile` begins with the same bytes.
 */
const RUNTIME = {
  package: "@dgellow/rfc-linux-x64@0.0.6",
  file: "package/bin/rfc",
  sizeBytes: 92_183_912,
  sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  /** The version whose output this runtime takes. */
  deno: "deno@2.6.8",
};

/** Where downloads are kept between runs, outside the project. */
const FOLDER = `${Deno.env.get("TMPDIR") ?? "/tmp"}/esxi-img-tests-${Deno.uid()}`;

async function run(command: string, args: string[], options: Deno.CommandOptions = {}) {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${command} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}

async function installPackages(): Promise<void> {
  const missing = Object.entries(PACKAGES).filter(([, path]) => !exists(path)).map(([name]) =>
    name
  );
  if (missing.length === 0) return;
  const install = ["install", "-y", "-qq", "--no-install-recommends", ...missing];
  if (Deno.uid() !== 0 || !exists("/usr/bin/apt-get")) {
    const hint = `missing programs; as root: apt-get ${install.join(" ")}`;
    if (Deno.env.get("CI") === "true") throw new Error(hint);
    console.error(`${hint}\nTests that need them are skipped.`);
    return;
  }
  console.error(`installing ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  await run("apt-get", install, { env });
}

/** Compiles the executable, unless nothing has changed since it was compiled. */
async function compile(): Promise<void> {
  if (await isExecutableCurrent()) return;
  console.error("compiling the executable");
  const env: Record<string, string> = {};
  const version = Deno.env.has("DENORT_BIN") ? undefined : RUNTIME.deno;
  if (version !== undefined) env.DENORT_BIN = await runtime();
  const task = ["task", "compile"];
  if (version === undefined) await run(Deno.execPath(), task, { env });
  else await run("npx", ["--yes", version, ...task], { env });
  await noteExecutable();
}

async function runtime(): Promise<string> {
  const path = `${FOLDER}/denort`;
  if (exists(path)) return path;
  const archive = (await run("npm", ["pack", "--silent", RUNTIME.package], { cwd: FOLDER })).trim();
  await run("tar", ["xzf", archive, RUNTIME.file], { cwd: FOLDER });
  const bytes = (await Deno.readFile(`${FOLDER}/${RUNTIME.file}`)).subarray(0, RUNTIME.sizeBytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== RUNTIME.sha256) throw new Error(`the runtime has SHA-256 ${sha256}`);
  await Deno.writeFile(path, bytes, { mode: 0o755 });
  await Deno.remove(`${FOLDER}/package`, { recursive: true });
  await Deno.remove(`${FOLDER}/${archive}`);
  return path;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

await Deno.mkdir(FOLDER, { recursive: true });
await installPackages();
await compile();
