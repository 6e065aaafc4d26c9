/**
 * What Linux says about some disks.
 *
 * @module
 */

import type { DeviceRecord } from "../../lib/host/target_device.ts";

/** Lines of /proc/self/mountinfo of a Debian 12 with a root file system on /dev/vda. */
export const MOUNT_INFO = `\
22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334524k,nr_inodes=3083631,mode=755
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684096k
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
`;

const SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

/** What is said of every disk that nothing uses. */
const UNUSED = {
  btrfs: [],
  mountInfo: MOUNT_INFO,
  otherMountInfos: {},
  loops: {},
  inputs: [],
  swaps: SWAPS,
} as const;

/** A virtio disk, recorded on the same machine by `recordDevice`. */
export const VIRTIO: DeviceRecord = {
  path: "/dev/vda",
  sysfs: {
    "uevent": "MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\nDISKSEQ=9\n",
    "dev": "254:0\n",
    "size": "536870912\n",
    "ro": "0\n",
    "removable": "0\n",
    "queue/logical_block_size": "512\n",
    "device/vendor": "0x1af4\n",
    "device": "",
  },
  ...UNUSED,
};

/** A loop device without a file, from the same machine. */
export const IDLE_LOOP: DeviceRecord = {
  path: "/dev/loop0",
  sysfs: {
    "uevent": "MAJOR=7\nMINOR=0\nDEVNAME=loop0\nDEVTYPE=disk\nDISKSEQ=1\n",
    "dev": "7:0\n",
    "size": "0\n",
    "ro": "0\n",
    "removable": "0\n",
    "queue/logical_block_size": "512\n",
  },
  ...UNUSED,
};

/** Compressed memory, from the same machine. */
export const ZRAM: DeviceRecord = {
  path: "/dev/zram0",
  sysfs: {
    "uevent": "MAJOR=253\nMINOR=0\nDEVNAME=zram0\nDEVTYPE=disk\nDISKSEQ=10\n",
    "dev": "253:0\n",
    "size": "0\n",
    "ro": "0\n",
    "removable": "0\n",
    "queue/logical_block_size": "4096\n",
  },
  ...UNUSED,
};

/** A USB stick of 30 GB with two partitions, as usb-storage and sd present one. */
export const STICK: DeviceRecord = {
  path: "/dev/sdb",
  sysfs: {
    "uevent": "MAJOR=8\nMINOR=16\nDEVNAME=sdb\nDEVTYPE=disk\nDISKSEQ=12\n",
    "dev": "8:16\n",
    "size": "60062500\n",
    "ro": "0\n",
    "removable": "1\n",
    "queue/logical_block_size": "512\n",
    "device": "",
    "device/type": "0\n",
    "device/vendor": "SanDisk \n",
    "device/model": "Ultra           \n",
    "sdb1/partition": "1\n",
    "sdb1/dev": "8:17\n",
    "sdb2/partition": "2\n",
    "sdb2/dev": "8:18\n",
  },
  ...UNUSED,
};
