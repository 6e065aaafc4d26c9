import assert from "node:assert/strict";
import { type DeviceRecord, judgeDevice } from "../../lib/host/target_device.ts";
import { Failure, type FailureCode } from "../../lib/blocks/failure.ts";
import { IDLE_LOOP, MOUNT_INFO, STICK, VIRTIO, ZRAM } from "./device_records.ts";

const NEEDED_BYTES = 1_000_000_000;

function refuses(record: DeviceRecord, why: RegExp, code: FailureCode = "io"): void {
  assert.throws(() => judgeDevice(record, NEEDED_BYTES), (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.equal(error.path, record.path);
    assert.match(error.message, why);
    return true;
  });
}

const withFiles = (record: DeviceRecord, sysfs: Record<string, string>): DeviceRecord => ({
  ...record,
  sysfs: { ...record.sysfs, ...sysfs },
});

Deno.test("an idle USB stick is taken", () => {
  assert.deepEqual(judgeDevice(STICK, NEEDED_BYTES), {
    path: "/dev/sdb",
    name: "sdb",
    sizeBytes: 60_062_500 * 512,
    model: "SanDisk Ultra",
    isRemovable: true,
  });
});

Deno.test("an idle virtio disk is taken", () => {
  const idle = { ...VIRTIO, mountInfo: MOUNT_INFO.replace(/^27 .*\n/m, "") };
  assert.deepEqual(judgeDevice(idle, NEEDED_BYTES), {
    path: "/dev/vda",
    name: "vda",
    sizeBytes: 256 * 1024 ** 3,
    model: "",
    isRemovable: false,
  });
});

Deno.test("an image may fill a disk to the last byte", () => {
  assert.equal(judgeDevice(STICK, 60_062_500 * 512).sizeBytes, 60_062_500 * 512);
  assert.throws(() => judgeDevice(STICK, 60_062_500 * 512 + 1), { code: "too-small" });
});

Deno.test("a loop device with a file is taken", () => {
  const bound = withFiles(IDLE_LOOP, { "loop": "", "size": "4194304\n" });
  assert.equal(judgeDevice(bound, NEEDED_BYTES).name, "loop0");
});

Deno.test("what is too small is refused", () => {
  refuses(withFiles(STICK, { "size": "1953124\n" }), /has 999999488 bytes/, "too-small");
});

Deno.test("the disk that the system runs from is refused", () => {
  refuses(VIRTIO, /it is mounted on \/;/);
});

Deno.test("a disk with a mounted partition is refused", () => {
  const line = "99 27 8:18 / /media/My\\040Stick rw,nosuid shared:5 - vfat /dev/sdb2 rw\n";
  refuses(
    { ...STICK, mountInfo: MOUNT_INFO + line },
    /its partition sdb2 is mounted on \/media\/My Stick/,
  );
});

Deno.test("a mount is recognised by its source where it has a number of its own", () => {
  const line = "99 27 0:55 /@home /home rw shared:5 - btrfs /dev/sdb1 rw,space_cache=v2\n";
  refuses({ ...STICK, mountInfo: MOUNT_INFO + line }, /its partition sdb1 is mounted on \/home/);
});

Deno.test("a mount that only another process sees is named with it", () => {
  const line = "99 27 8:18 / /mnt rw - ext4 /dev/sdb2 rw\n";
  refuses(
    { ...STICK, otherMountInfos: { 12: MOUNT_INFO, 345: MOUNT_INFO + line } },
    /its partition sdb2 is mounted on \/mnt in the mount namespace of process 345;/,
  );
});

Deno.test("a disk or partition that the same run reads is refused", () => {
  refuses({ ...STICK, inputs: ["8:16"] }, /: it is read by the same run;/);
  refuses({ ...STICK, inputs: ["7:0", "8:18"] }, /its partition sdb2 is read by the same run/);
  assert.equal(judgeDevice({ ...STICK, inputs: ["8:32"] }, NEEDED_BYTES).name, "sdb");
});

Deno.test("a disk behind a loop device is refused", () => {
  refuses({ ...STICK, loops: { loop0: "/tmp/a", loop7: "/dev/sdb1" } }, /sdb1 is behind loop7/);
});

Deno.test("the second disk of a Btrfs file system is refused", () => {
  refuses({ ...STICK, btrfs: ["sda2", "sdb1"] }, /its partition sdb1 is part of a mounted Btrfs/);
  assert.equal(judgeDevice({ ...STICK, btrfs: ["sda2", "sdb10"] }, NEEDED_BYTES).name, "sdb");
});

Deno.test("a mount of another disk with a similar number or name is none of this one", () => {
  const lines = "98 27 8:1 / /a rw - ext4 /dev/sda1 rw\n99 27 8:161 / /b rw - ext4 /dev/sdb10 rw\n";
  assert.equal(judgeDevice({ ...STICK, mountInfo: MOUNT_INFO + lines }, NEEDED_BYTES).name, "sdb");
});

Deno.test("a disk in use as swap is refused", () => {
  const swaps =
    `${STICK.swaps}/dev/sdb2                              partition\t8387580\t\t0\t\t-2\n`;
  refuses({ ...STICK, swaps }, /its partition sdb2 is in use as swap/);
});

Deno.test("a disk under a volume group, a RAID or an encrypted volume is refused", () => {
  refuses(withFiles(STICK, { "holders/md127": "" }), /it is part of md127/);
  refuses(withFiles(STICK, { "sdb2/holders/dm-0": "" }), /its partition sdb2 is part of dm-0/);
});

Deno.test("a partition is refused", () => {
  const uevent = "MAJOR=8\nMINOR=17\nDEVNAME=sdb1\nDEVTYPE=partition\nPARTN=1\n";
  const partition = {
    ...STICK,
    path: "/dev/sdb1",
    sysfs: { uevent, "dev": "8:17\n", "size": "2048\n", "ro": "0\n", "partition": "1\n" },
  };
  refuses(partition, /it is a partition/);
});

Deno.test("what has no hardware is refused", () => {
  refuses(IDLE_LOOP, /not a disk/);
  refuses(ZRAM, /not a disk/);
  const { device: _device, ...mapped } = STICK.sysfs;
  refuses({ ...STICK, sysfs: mapped }, /not a disk/);
  refuses({ ...STICK, sysfs: {} }, /not a disk/);
});

Deno.test("a DVD is refused", () => {
  refuses(withFiles(STICK, { "device/type": "5\n" }), /not a disk/);
});

Deno.test("an empty card reader is refused", () => {
  refuses(withFiles(STICK, { "size": "0\n" }), /no medium/);
});

Deno.test("what is read-only is refused", () => {
  refuses(withFiles(STICK, { "ro": "1\n" }), /read-only/);
});

Deno.test("sectors of 4096 bytes are refused", () => {
  refuses(withFiles(STICK, { "queue/logical_block_size": "4096\n" }), /sectors have 4096 bytes/);
});
