import assert from "node:assert/strict";
import {
  DEFAULT_INSTALL_DISK,
  KICKSTART_PATH,
  KICKSTART_URL,
} from "../../../lib/esxi/kickstart/render.ts";
import { mergeKickstart, type MergeOptions } from "../../../lib/esxi/kickstart/merge.ts";
import { Folder } from "../../support/folder.ts";
import { mustRun, testWith } from "../../support/programs.ts";

/** The kickstart without one of the user's. */
function renderKickstart(options: MergeOptions = {}): string {
  return new TextDecoder().decode(mergeKickstart(undefined, options).bytes);
}

const HASH = "$6$abcdefghijklmnop$" + "Z/.".repeat(28) + "ab";

/** The parts of a kickstart by their headers, the commands at the top first. */
function sections(kickstart: string): Map<string, string> {
  const parts = kickstart.split(/^(?=%(?:pre|post|firstboot)\b)/m);
  return new Map(parts.map((part) => {
    const header = /^%\w+.*$/m.exec(part);
    return part.startsWith("%") ? [header![0], part.slice(part.indexOf("\n") + 1)] : ["", part];
  }));
}

Deno.test("kickstart: what boot.cfg calls it is where it lies", () => {
  assert.equal(KICKSTART_URL, `file:///${KICKSTART_PATH}`);
});

Deno.test("kickstart: complete, in plain sight and in order", () => {
  const parts = sections(renderKickstart({ rootPasswordHash: HASH }));
  assert.deepEqual([...parts.keys()], [
    "",
    "%pre --interpreter=busybox",
    "%post --interpreter=busybox",
    "%firstboot --interpreter=busybox",
  ]);
  const commands = parts.get("")!.split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  assert.deepEqual(commands, [
    "vmaccepteula",
    "%include /tmp/esxiimg/rootpw",
    "%include /tmp/esxiimg/disk",
    "%include /tmp/esxiimg/network",
    "reboot",
  ]);
});

Deno.test("kickstart: ASCII, short lines, one newline at the end", () => {
  const kickstart = renderKickstart({ rootPasswordHash: HASH });
  assert.match(kickstart, /^[\n -~]*[!-~]\n$/);
  assert.doesNotMatch(kickstart, /\n\n\n| \n/);
  assert.doesNotMatch(kickstart, /undefined|null|\[object/);
});

/** Runs %pre in a folder of its own; the payload's pre.sh is replaced by what it is given. */
async function runPre(folder: Folder, kickstart: string, preSh: string): Promise<void> {
  const pre = sections(kickstart).get("%pre --interpreter=busybox")!
    .replaceAll("/tmp/esxiimg", folder.file("include"))
    .replaceAll("/esxiimg/pre.sh", folder.write("pre.sh", preSh));
  const script = folder.write("pre", pre);
  await mustRun("busybox", ["ash", "-e", script]);
}

testWith(["busybox"], "kickstart: %pre writes the files that are included", async () => {
  using folder = new Folder();
  await runPre(folder, renderKickstart({ rootPasswordHash: HASH }), "exit 0\n");
  const read = (name: string) => Deno.readTextFileSync(folder.file(`include/${name}`));
  assert.equal(read("rootpw"), `rootpw --iscrypted ${HASH}\n`);
  assert.equal(read("disk"), `install ${DEFAULT_INSTALL_DISK}\n`);
  assert.equal(read("network"), "network --bootproto=dhcp\n");
  const mode = Deno.statSync(folder.file("include/rootpw")).mode! & 0o777;
  assert.equal(mode, 0o600);
});

testWith(["busybox"], "kickstart: pre.sh writes over what was decided before", async () => {
  using folder = new Folder();
  const include = folder.file("include");
  await runPre(
    folder,
    renderKickstart(),
    `test ! -e ${include}/rootpw && echo 'rootpw --iscrypted x' > ${include}/rootpw\n` +
      `echo 'network --bootproto=static' > ${include}/network\n`,
  );
  const read = (name: string) => Deno.readTextFileSync(`${include}/${name}`);
  assert.equal(read("rootpw"), "rootpw --iscrypted x\n");
  assert.equal(read("network"), "network --bootproto=static\n");
});

testWith(["busybox"], "kickstart: what is given survives the shell", async () => {
  const installDisk = `--disk="a b" '$HOME' \`id\` $(id) \\ --preservevmfs`;
  using folder = new Folder();
  await runPre(folder, renderKickstart({ installDisk, rootPasswordHash: HASH }), "exit 0\n");
  assert.equal(Deno.readTextFileSync(folder.file("include/disk")), `install ${installDisk}\n`);
});

Deno.test("kickstart: without a password it says where one must come from", () => {
  assert.match(renderKickstart(), /# No root password was given at build time/);
  assert.doesNotMatch(renderKickstart(), /rootpw --iscrypted/);
});
