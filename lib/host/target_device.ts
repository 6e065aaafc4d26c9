/**
 * Whether an image may be written over a block device, decided from what the kernel says: sysfs
 * (Documentation/ABI/stable/sysfs-block), /proc/PID/mountinfo and /proc/swaps (proc(5)). What this
 * does not see, {@linkcode holdDisk} does; but this can say what is in the way.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";

/** What the kernel says about a device. */
export interface DeviceRecord {
  /** The device, as it was given. */
  readonly path: string;
  /**
   * Files of its folder in sysfs by their paths there, say `size` or `sdb1/dev`. Of a folder that is
   * asked for its entries, each is a path with an empty content, say `holders/dm-0`.
   */
  readonly sysfs: Readonly<Record<string, string>>;
  /** Disks and partitions of mounted Btrfs file systems, of which mountinfo names only one each. */
  readonly btrfs: readonly string[];
  /** /proc/self/mountinfo. */
  readonly mountInfo: string;
  /** The same of processes in other mount namespaces, by their numbers. */
  readonly otherMountInfos: Readonly<Record<string, string>>;
  /** By the names of loop devices, the files and disks behind them. */
  readonly loops: Readonly<Record<string, string>>;
  /** The numbers, `8:17`, of the disks and partitions that this run reads. */
  readonly inputs: readonly string[];
  /** /proc/swaps. */
  readonly swaps: string;
}

/** A device that an image may be written to. */
export interface TargetDevice {
  readonly path: string;
  /** The kernel's name for it, `sdb`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Vendor and model as far as it tells, else an empty text. */
  readonly model: string;
  readonly isRemovable: boolean;
}

/** SCSI type 5 (SPC-4 §6.4.2): CDs and DVDs. */
const OPTICAL_TYPE = "5";

/**
 * Decides about a device.
 *
 * @param neededBytes The size of the image's disk.
 * @throws {Failure} `io` if it is not a whole disk, is read-only or in use, `too-small` if the disk
 * does not fit on it.
 */
export function judgeDevice(record: DeviceRecord, neededBytes: number): TargetDevice {
  const { path } = record;
  const attribute = (file: string) => record.sysfs[file]?.trim();
  const refuse = (what: string, remedy: string) => new Failure("io", path, what, remedy);
  const name = /^DEVNAME=(.*)$/m.exec(record.sysfs.uevent ?? "")?.[1] ?? "";
  const passDisk = "pass a whole disk, as lsblk lists them with the type disk";

  if (attribute("partition") !== undefined) throw refuse("it is a partition", passDisk);
  const isReal = attribute("device") !== undefined || attribute("loop") !== undefined;
  if (name === "" || !isReal || attribute("device/type") === OPTICAL_TYPE) {
    throw refuse("it is not a disk", passDisk);
  }
  const sizeBytes = Number(attribute("size")) * SECTOR_BYTES; // in 512 bytes, whatever the sectors
  if (!(sizeBytes > 0)) throw refuse("there is no medium in it", "insert one");
  if (attribute("ro") === "1") throw refuse("it is read-only", "check its write protection");
  const sectorBytes = Number(attribute("queue/logical_block_size"));
  if (sectorBytes !== SECTOR_BYTES) {
    throw refuse(
      `its sectors have ${sectorBytes} bytes`,
      `use a disk with sectors of ${SECTOR_BYTES} bytes: the installer's file system needs them`,
    );
  }
  const use = findUse(record, name);
  if (use !== null) throw refuse(use, "release it first, or pass another disk");
  if (sizeBytes < neededBytes) {
    throw new Failure(
      "too-small",
      path,
      `it has ${sizeBytes} bytes, and the image needs ${neededBytes}`,
      "use a larger disk",
    );
  }
  return {
    path,
    name,
    sizeBytes,
    model: [attribute("device/vendor"), attribute("device/model")].filter(isName).join(" "),
    isRemovable: attribute("removable") === "1",
  };
}

/** Virtio disks have a number for a vendor. */
function isName(text: string | undefined): text is string {
  return text !== undefined && text !== "" && !text.startsWith("0x");
}

/** What uses the disk or a part of it, if anything does. */
function findUse(record: DeviceRecord, diskName: string): string | null {
  const { sysfs } = record;
  const partitions = Object.keys(sysfs).flatMap((file) => /^([^/]+)\/partition$/.exec(file) ?? [])
    .filter((_, i) => i % 2 === 1);
  for (const name of [diskName, ...partitions]) {
    const folder = name === diskName ? "" : `${name}/`;
    const subject = name === diskName ? "it" : `its partition ${name}`;
    const holder = Object.keys(sysfs).find((file) => file.startsWith(`${folder}holders/`));
    if (holder !== undefined) {
      return `${subject} is part of ${holder.slice(`${folder}holders/`.length)}`;
    }
    const number = sysfs[`${folder}dev`]?.trim() ?? "";
    const mount = findMount(record, number, name);
    if (mount !== undefined) return `${subject} is mounted on ${mount}`;
    if (record.inputs.includes(number)) return `${subject} is read by the same run`;
    const loop = Object.entries(record.loops).find(([, file]) => file === `/dev/${name}`)?.[0];
    if (loop !== undefined) return `${subject} is behind ${loop}`;
    if (record.btrfs.includes(name)) return `${subject} is part of a mounted Btrfs file system`;
    const isSwap = record.swaps.split("\n").some((line) => line.split(/\s/)[0] === `/dev/${name}`);
    if (isSwap) return `${subject} is in use as swap`;
  }
  return null;
}

/** Where a device is mounted, if it is. */
function findMount(record: DeviceRecord, number: string, name: string): string | undefined {
  const places: [mountInfo: string, where: string][] = [
    [record.mountInfo, ""],
    ...Object.entries(record.otherMountInfos).map(([pid, mountInfo]): [string, string] => [
      mountInfo,
      ` in the mount namespace of process ${pid}`,
    ]),
  ];
  for (const [mountInfo, where] of places) {
    const mount = mounts(mountInfo).find((entry) =>
      entry.number === number || entry.source === `/dev/${name}`
    );
    if (mount !== undefined) return mount.mountPoint + where;
  }
  return undefined;
}

interface Mount {
  /** `8:17`; file systems such as Btrfs have a number that is no device's. */
  readonly number: string;
  readonly source: string;
  readonly mountPoint: string;
}

/** proc(5): `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`. */
function mounts(mountInfo: string): Mount[] {
  return mountInfo.split("\n").filter((line) => line !== "").map((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [, , number = "", , mountPoint = ""] = before.split(" ");
    return {
      number,
      mountPoint: unescape(mountPoint),
      source: unescape(after.split(" ")[1] ?? ""),
    };
  });
}

/** Blanks and the like stand as `\040`. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}
