/**
 * Starts images in QEMU with UEFI firmware (OVMF), as a PC would.
 *
 * @module
 */

import { bootNeeds, UEFI_MACHINES, type UefiMachine } from "./firmware.ts";
import { Folder } from "./folder.ts";
import { mustRun, pathOf } from "./programs.ts";
import { sorted, type Tree } from "./trees.ts";
import { setBootUri } from "./uefi_variables.ts";

const X64: UefiMachine = UEFI_MACHINES.x86_64;
/** Machines that run at a time. */
const PARALLEL = 2;
/** What {@linkcode boot} and {@linkcode makeGrub} need. */
export const BOOT_NEEDS: readonly string[] = bootNeeds(X64);

/** How a disk is attached, as QEMU's options. */
export const DISK_KINDS: Readonly<Record<string, readonly string[]>> = {
  virtio: ["-device", "virtio-blk-pci,drive=disk"],
  SATA: ["-device", "ide-hd,drive=disk"],
  USB: ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk,removable=on"],
  NVMe: ["-device", "nvme,drive=disk,serial=1"],
};

/** How a CD is attached. */
export const CD_KINDS: Readonly<Record<string, readonly string[]>> = {
  "SATA CD": ["-device", "ide-cd,drive=disk"],
  "SCSI CD": ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=disk"],
  "USB CD": ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk"],
};

/** GRUB's modules for this script. */
const MODULES =
  "part_gpt fat iso9660 search search_fs_file regexp test hashsum gcry_sha256 terminal echo normal" +
  " halt true";
/** Finds the volume it came from, and says the SHA-256 of every file there. */
const SCRIPT = `
insmod part_gpt
insmod fat
insmod regexp # for file names with *
echo BEGIN $cmdpath
if search --no-floppy --set=root --file /esxiimg.tgz; then true
else search --no-floppy --set=root --file /ESXIIMG.TGZ; fi
for file in /* /*/* /*/*/* /*/*/*/*; do
  if test -f "$file"; then sha256sum "$file"; fi
done
echo END
halt
`;

/** Where a machine finds a web server that listens on the loopback address here. */
const WEB = "10.0.2.100";
const NETWORK_MODULES =
  "net efinet tftp http test hashsum gcry_sha256 terminal echo normal configfile halt";
/** Says the SHA-256 of the files that a list names, which lies beside them. */
const networkScript = (place: string) => `
echo BEGIN $cmdpath
if [ -z "$net_default_server" ]; then net_bootp; fi
base="${place}"
source $base/hashes.cfg
echo END
halt
`;

/** Makes a GRUB that reads every file from a server by TFTP or HTTP. */
export async function makeNetworkGrub(protocol: "tftp" | "http"): Promise<Uint8Array> {
  const place = protocol === "tftp" ? "$cmdpath" : `(http,${WEB})`;
  return await buildGrub(X64, networkScript(place), NETWORK_MODULES, ["--modules"]);
}

/** What {@linkcode makeNetworkGrub} reads: a line for each file. */
export function hashList(paths: readonly string[]): string {
  return paths.map((path) => `sha256sum $base/${path}\n`).join("");
}

/** Makes a GRUB that reads every file, to stand for VMware's boot loader. */
export async function makeGrub(machine: UefiMachine = X64): Promise<Uint8Array> {
  return await buildGrub(machine, SCRIPT, MODULES);
}

/** @param further Options that the modules are to be named with, beside the one that takes them in. */
async function buildGrub(
  { grubTarget, grubFolder, grubModules, grubOutput }: UefiMachine,
  text: string,
  modules: string,
  further: readonly string[] = [],
): Promise<Uint8Array> {
  using folder = new Folder();
  const script = folder.write("grub.cfg", `${grubOutput}\n${text}`);
  const output = folder.file("grub.efi");
  const names = [modules, ...grubModules].join(" ");
  await mustRun("grub-mkstandalone", [
    ...["-O", grubTarget, "-d", grubFolder, "-o", output],
    ...["--install-modules", ...further].map((option) => `${option}=${names}`),
    ...["--fonts=", "--locales=", "--themes="],
    `boot/grub/grub.cfg=${script}`,
  ]);
  return await Deno.readFile(output);
}

/** A disk to start from. */
export interface BootDisk {
  readonly path: string;
  /** As QEMU calls it. */
  readonly format: string;
  /** A key of {@linkcode DISK_KINDS} or {@linkcode CD_KINDS}. */
  readonly kind: string;
  /** With the firmware of old PCs (SeaBIOS) instead of UEFI. */
  readonly isBios?: boolean;
  /** What starts from it, by default a PC. */
  readonly machine?: UefiMachine;
}

function drive(...options: string[]): string[] {
  return ["-drive", options.join(",")];
}

/**
 * Starts a machine and waits until it turns itself off.
 *
 * @param limitMs After this it is turned off: what it said until then is returned.
 * @returns What it said on its serial port.
 */
export async function boot(disk: BootDisk, limitMs: number = 120_000): Promise<string> {
  const medium = disk.kind in CD_KINDS ? ["media=cdrom", "readonly=on"] : ["snapshot=on"];
  const devices = [
    ...drive("if=none", "id=disk", `format=${disk.format}`, `file=${disk.path}`, ...medium),
    ...DISK_KINDS[disk.kind] ?? CD_KINDS[disk.kind]!,
  ];
  const { isBios = false, machine } = disk;
  const attached = isBios ? [...devices, "-boot", "d"] : devices;
  return await start({ devices: attached, isBios, machine }, limitMs);
}

/** A server to start from. */
export interface BootServer {
  /** The folder that is served by TFTP. */
  readonly tftp?: string;
  /** What DHCP names: a file of that folder, or a URL. */
  readonly file?: string;
  /** The port of a web server on the loopback address, as the machine's {@linkcode WEB}. */
  readonly webPort?: number;
  /** Whether the network adapter brings iPXE; without it the firmware boots by itself. */
  readonly hasIpxe?: boolean;
  /** A URL that the firmware is set up to boot from. */
  readonly uri?: string;
  /** With the firmware of old PCs (SeaBIOS), which has the adapter's iPXE boot; its screen is the serial port. */
  readonly isBios?: boolean;
  /** A file for what goes over the network (pcap). */
  readonly capture?: string;
}

/**
 * Starts a machine from the network, and waits until it turns itself off.
 *
 * @returns What it said on its serial port.
 */
export async function bootNetwork(server: BootServer, limitMs: number = 120_000): Promise<string> {
  const network = [
    "user,id=net",
    ...server.tftp === undefined ? [] : [`tftp=${server.tftp}`],
    ...server.file === undefined ? [] : [`bootfile=${server.file}`],
    ...server.webPort === undefined
      ? []
      : [`guestfwd=tcp:${WEB}:80-cmd:${pathOf("busybox")} nc 127.0.0.1 ${server.webPort}`],
  ];
  const { isBios = false, hasIpxe = isBios, capture, uri } = server;
  const adapter = `virtio-net-pci,netdev=net${hasIpxe ? "" : ",romfile="}`;
  const devices = [
    ...["-netdev", network.join(","), "-device", adapter],
    ...isBios ? ["-machine", "graphics=off", "-boot", "n"] : [],
    ...capture === undefined ? [] : ["-object", `filter-dump,id=dump,netdev=net,file=${capture}`],
  ];
  return await start({ devices, isBios, uri }, limitMs);
}

/** A machine, ready to be started. */
interface Machine {
  readonly devices: readonly string[];
  readonly isBios: boolean;
  readonly uri?: string | undefined;
  readonly machine?: UefiMachine | undefined;
}

async function start(
  { devices, isBios, uri, machine = X64 }: Machine,
  limitMs: number,
): Promise<string> {
  using folder = new Folder();
  const variables = await Deno.readFile(machine.variables);
  if (uri !== undefined) setBootUri(variables, uri);
  const log = folder.file("serial.log");
  const firmware = isBios ? [] : [
    ...drive("if=pflash", "format=raw", "readonly=on", `file=${machine.firmware}`),
    ...drive("if=pflash", "format=raw", `file=${folder.write("variables.fd", variables)}`),
  ];
  const child = new Deno.Command(machine.qemu, {
    args: [
      ...[...machine.options, "-m", "1024", "-nodefaults"],
      ...["-display", "none", "-monitor", "none", "-serial", `file:${log}`, "-no-reboot"],
      ...firmware,
      ...devices,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const { stderr } = await child.output();
  clearTimeout(timer);
  const said = await Deno.readTextFile(log).catch(() => "");
  // deno-lint-ignore no-control-regex -- the firmware's console colours and places what is written
  return new TextDecoder().decode(stderr) + said.replaceAll(/\r|\x1b\[[\d;=?]*[A-Za-z]/g, "");
}

/** What GRUB says: a hash and a path, broken where the line is full. */
export function filesRead(said: string): Tree {
  const found = [...said.matchAll(/([0-9a-f]{64})\s+\/(\S+)/g)];
  return sorted(Object.fromEntries(found.map(([, hash, path]) => [path!.toUpperCase(), hash!])));
}

/** Runs a few at a time; a failure is its own result's. */
export function runAll<T, R>(
  inputs: readonly T[],
  work: (input: T, index: number) => Promise<R>,
): Promise<R>[] {
  const results: Promise<R>[] = [];
  inputs.forEach((input, i) => {
    const before = results[i - PARALLEL]?.catch(() => {}) ?? Promise.resolve();
    const result = before.then(() => work(input, i));
    result.catch(() => {});
    results.push(result);
  });
  return results;
}

/** A step that looks at one of the results of {@linkcode runAll}: the next machines are at work. */
export async function machineStep(
  t: Deno.TestContext,
  name: string,
  fn: () => void | Promise<void>,
): Promise<void> {
  await t.step({ name, sanitizeOps: false, sanitizeResources: false, fn });
}
