import assert from "node:assert/strict";
import fc from "fast-check";
import { mergeKickstart, type MergeOptions } from "../../../lib/esxi/kickstart/merge.ts";
import { parseKickstart, statementsOf } from "../../../lib/esxi/kickstart/parse.ts";
import { decodeLatin1, encodeLatin1 } from "../../../lib/blocks/latin1.ts";

function merge(text: string, options: MergeOptions = {}) {
  const merged = mergeKickstart(encodeLatin1(text), options);
  return { ...merged, text: decodeLatin1(merged.bytes) };
}

/** The commands of a kickstart's text, without comments. */
function commands(text: string): string[] {
  return statementsOf(parseKickstart(text)).map(({ name, words }) =>
    [name, ...words].map(({ value }) => value).join(" ")
  );
}

const FULL = `# mine
vmaccepteula
rootpw --iscrypted $6$salt$x # a comment
clearpart --firstdisk
install --firstdisk=local --preservevmfs --ignoressd
network --bootproto=dhcp --device=vmnic1
keyboard German
reboot --noeject
%pre --interpreter=busybox
echo one
%pre --interpreter=python
print('two')
%post
echo three
%firstboot --interpreter=python
print('four')
%firstboot
echo five`;

Deno.test("merge: each command stands where it stood, ours included in place of three", () => {
  assert.deepEqual(commands(merge(FULL).text), [
    "vmaccepteula",
    "%include /tmp/esxiimg/rootpw",
    "clearpart --firstdisk",
    "%include /tmp/esxiimg/disk",
    "%include /tmp/esxiimg/network",
    "keyboard German",
    "reboot --noeject",
  ]);
});

Deno.test("merge: the order of the sections", () => {
  const sections = parseKickstart(merge(FULL).text).sections
    .map(({ name, body }) => [name, body.trim().split("\n").at(-1)]);
  assert.deepEqual(sections, [
    ["%pre", "#|print('two')"],
    ["%post", "sh /esxiimg/post.sh"],
    ["%post", "echo three"],
    ["%firstboot", "sh /esxiimg/firstbt.sh configure"],
    ["%firstboot", "print('four')"],
    ["%firstboot", "echo five"],
    ["%firstboot", "sh /esxiimg/firstbt.sh finish"],
  ]);
});

Deno.test("merge: %pre writes the user's lines, and their scripts are files", () => {
  const { text, files, facts, installDisk, hasPassword } = merge(FULL);
  assert.ok(hasPassword);
  for (
    const line of [
      "rootpw --iscrypted $6$salt$x",
      "install --firstdisk=local --preservevmfs --ignoressd",
      "network --bootproto=dhcp --device=vmnic1",
    ]
  ) {
    assert.ok(text.includes(`<<'END'\n${line}\nEND\n`), line);
  }
  assert.equal(installDisk, "--firstdisk=local --preservevmfs --ignoressd");
  assert.deepEqual(files.map(({ path, bytes }) => [path, decodeLatin1(bytes)]), [
    ["theirs/pre1.sh", "echo one\n"],
    ["theirs/pre2.py", "print('two')\n"],
  ]);
  assert.deepEqual(facts, {
    network: true,
    command: "install",
    includes: [],
    pre: [
      { file: "theirs/pre1.sh", interpreter: "busybox" },
      { file: "theirs/pre2.py", interpreter: "python" },
    ],
  });
});

Deno.test("merge: options replace the user's lines, and that is noted", () => {
  const { text, hasPassword, installDisk, changes } = merge(FULL, {
    rootPasswordHash: "$6$new$y",
    installDisk: "--disk=mpx.vmhba0:C0:T0:L0",
  });
  assert.match(text, /^rootpw --iscrypted \$6\$new\$y$/m);
  assert.doesNotMatch(text, /salt/);
  assert.match(text, /^install --disk=mpx\.vmhba0:C0:T0:L0$/m);
  assert.equal(hasPassword, false);
  assert.equal(installDisk, "--disk=mpx.vmhba0:C0:T0:L0");
  assert.deepEqual(changes.filter(({ kind }) => kind === "replaced"), [
    { kind: "replaced", line: 3, name: "rootpw" },
    { kind: "replaced", line: 5, name: "install" },
  ]);
});

Deno.test("merge: installorupgrade keeps its name, upgrade stays as it is", () => {
  const other = merge("installorupgrade --firstdisk --overwritevmfs\n");
  assert.equal(other.facts.command, "installorupgrade");
  assert.match(other.text, /^installorupgrade --firstdisk --overwritevmfs$/m);
  const upgrade = merge("upgrade --firstdisk\n");
  assert.equal(upgrade.facts.command, null);
  assert.ok(commands(upgrade.text).includes("upgrade --firstdisk"));
  assert.ok(!commands(upgrade.text).includes("%include /tmp/esxiimg/disk"));
});

Deno.test("merge: what stands twice is taken once, the last of it", () => {
  const { text, changes } = merge("network --bootproto=dhcp\nnetwork --device=vmnic2\n");
  assert.equal(commands(text).filter((line) => line.endsWith("/network")).length, 1);
  assert.match(text, /^network --device=vmnic2$/m);
  assert.deepEqual(changes.filter(({ kind }) => kind === "dropped"), [
    { kind: "dropped", line: 2, name: "network" },
  ]);
});

Deno.test("merge: includes of the user's stay, and the guest knows them", () => {
  const { text, facts } = merge("%include /tmp/a\ninclude /tmp/b\n%pre\necho > /tmp/a\n");
  assert.deepEqual(facts.includes, ["/tmp/a", "/tmp/b"]);
  assert.deepEqual(commands(text).slice(1, 3), ["%include /tmp/a", "include /tmp/b"]);
});

Deno.test("merge: the password file of an old template is ours, unless a script writes it", () => {
  const isOldTemplate = true;
  const template = "%include /tmp/rootpw\n";
  assert.deepEqual(merge(template, { isOldTemplate }).facts.includes, []);
  assert.deepEqual(merge(template).facts.includes, ["/tmp/rootpw"]);
  const written = `${template}%pre\necho rootpw x > /tmp/rootpw\n`;
  assert.deepEqual(merge(written, { isOldTemplate }).facts.includes, ["/tmp/rootpw"]);
});

Deno.test("merge: %end is left out, and what stands behind it still counts", () => {
  const { text } = merge("%post\necho\n%end\nkeyboard German\n%firstboot\necho 1\n%end\n");
  assert.doesNotMatch(text, /%end/);
  assert.ok(commands(text).includes("keyboard German"));
});

Deno.test("merge: what its reader changed in the result counts as theirs", () => {
  const changed = merge("").text
    .replace("network --bootproto=dhcp", "network --bootproto=dhcp --device=vmnic3")
    .replace("sh /esxiimg/pre.sh\n", "sh /esxiimg/pre.sh\necho after ours\n")
    .replace("sh /esxiimg/post.sh\n", "sh /esxiimg/post.sh\necho more\n") +
    "%firstboot\necho mine\n";
  const { text, facts, files } = merge(changed);
  assert.equal(facts.network, true);
  assert.match(text, /^network --bootproto=dhcp --device=vmnic3$/m);
  assert.deepEqual(files.map(({ bytes }) => decodeLatin1(bytes).trim()), ["echo after ours"]);
  const post = parseKickstart(text).sections.filter(({ name }) => name === "%post");
  assert.deepEqual(post.map(({ body }) => body.includes("echo more")), [false, true]);
  assert.match(text, /firstbt\.sh configure\n\n%firstboot\necho mine\n%firstboot/);
});

const blanks = fc.constantFrom("", " ", "\t", "  # x");
const line = fc.oneof(
  fc.constantFrom(
    ...["vmaccepteula", "accepteula", "reboot", "reboot --noeject", "keyboard 'US Default'"],
    ...["rootpw secret#1", 'rootpw "a b"', "rootpw --iscrypted $6$a$b", "network", "dryrun"],
    ...["network --bootproto=static --ip=192.0.2.1", "network --bootproto=dhcp"],
    ...[
      "install --firstdisk --overwritevmfs",
      "install --disk='a b'",
      "installorupgrade --firstdisk",
    ],
    ...["upgrade --firstdisk", "%include /tmp/x", "include /tmp/rootpw", "clearpart --alldrives"],
    ...["%include /tmp/esxiimg/rootpw", "# comment", "", "  ", "%end", "junk", "é"],
  ),
  fc.string({ maxLength: 8 }).map((text) => text.replaceAll(/[\n%\0]|[^\x20-\xff]/g, "")),
);
const header = fc.constantFrom(
  ...["%pre", "%post", "%firstboot", "%pre --interpreter=python", "%post --timeout=5"],
  ...["%firstboot --interpreter=busybox"],
);
const scriptLine = fc.constantFrom(
  ...[
    "echo one",
    "",
    "  indented",
    "# comment",
    "#|quoted",
    "END",
    "cat <<'END'",
    "%s is no section",
  ],
  ...["sh /esxiimg/pre.sh", "sh /esxiimg/firstbt.sh", "print('\xe4')\r", "\x0c", "%%"],
);
const section = fc.tuple(header, fc.array(scriptLine, { maxLength: 5 }))
  .map(([header, lines]) => [header, ...lines].join("\n"));
const kickstart = fc.tuple(
  fc.array(fc.tuple(line, blanks).map(([line, end]) => line + end), { maxLength: 10 }),
  fc.array(section, { maxLength: 4 }),
  fc.boolean(),
).map(([lines, sections, ends]) => [...lines, ...sections].join("\n") + (ends ? "\n" : ""));
const options = fc.record({
  rootPasswordHash: fc.constantFrom(undefined, "$6$x$y"),
  installDisk: fc.constantFrom(undefined, "--firstdisk=local", "--firstdisk --overwritevmfs"),
  isOldTemplate: fc.boolean(),
});

Deno.test("property: merging twice is merging once", () => {
  fc.assert(
    fc.property(kickstart, options, (text, options) => {
      const once = merge(text, options);
      const twice = merge(once.text, options);
      assert.equal(twice.text, once.text);
      assert.deepEqual(twice.facts, once.facts);
      assert.deepEqual(twice.files, once.files);
      assert.equal(twice.installDisk, once.installDisk);
      assert.equal(twice.hasPassword, once.hasPassword);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("property: every script of the user's survives byte for byte, in order", () => {
  fc.assert(
    fc.property(kickstart, (text) => {
      const theirs = parseKickstart(text).sections
        .filter(({ body }) => !/^sh \/esxiimg\/(pre|firstbt)\.sh\r?$/m.test(body));
      const { text: merged, files } = merge(text);
      let at = 0;
      for (const { name, header, body } of theirs.filter(({ name }) => name === "%post")) {
        const found = merged.indexOf(header.trimEnd() + "\n" + body, at);
        assert.ok(found >= at, `${name} ${JSON.stringify(body)}`);
        at = found + 1;
      }
      at = 0;
      for (const { header, body } of theirs.filter(({ name }) => name === "%firstboot")) {
        const found = merged.indexOf(header.trimEnd() + "\n" + body, at);
        assert.ok(found >= at, JSON.stringify(body));
        at = found + 1;
      }
      const scripts = theirs.filter(({ name }) => name === "%pre").map(({ body }) => body);
      const kept = files.map(({ bytes }) => decodeLatin1(bytes));
      for (const script of scripts) assert.ok(kept.some((file) => file.startsWith(script)), script);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("property: commands stay in order, and each of ours is included once", () => {
  fc.assert(
    fc.property(kickstart, (text) => {
      const before = commands(text);
      const after = commands(merge(text).text);
      const kept = before.filter((one) =>
        !/^(rootpw|network|install|installorupgrade|%end)\b/.test(one) &&
        !/^(%include|include) \/tmp\/esxiimg\//.test(one)
      );
      const rest = after.filter((one) => !/^%include \/tmp\/esxiimg\//.test(one));
      for (const added of ["vmaccepteula", "reboot"]) {
        if (!kept.some((one) => one.startsWith(added)) && rest.length > kept.length) {
          rest.splice(rest.indexOf(added), 1);
        }
      }
      assert.deepEqual(rest, kept);
      const ours = after.filter((one) => /^%include \/tmp\/esxiimg\//.test(one));
      assert.equal(new Set(ours).size, ours.length);
    }),
    { numRuns: 3000 },
  );
});
