// Kickstarts in the shapes that public ones have, each written for this: merged, read again, merged again.
import assert from "node:assert/strict";
import { checkInputs } from "../../lib/checks/checks.ts";
import { decodeLatin1 } from "../../lib/blocks/latin1.ts";
import { mergeKickstart } from "../../lib/esxi/kickstart/merge.ts";
import { parseKickstart, statementsOf } from "../../lib/esxi/kickstart/parse.ts";

const FOLDER = new URL("../../testdata/kickstarts/", import.meta.url);
const NAMES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).toSorted();
/** What is said of one besides its merge; the others give no reason to. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  "clearpart-all.cfg": ["kickstart-other-disk"],
  "crlf.cfg": ["kickstart-crlf"],
  "datastore.cfg": ["kickstart-other-disk"],
  "disk-by-name.cfg": ["kickstart-other-disk", "kickstart-other-disk"],
  "drive-option.cfg": ["kickstart-other-disk"],
  "dryrun.cfg": ["kickstart-dryrun"],
  "firstboot-reboot.cfg": ["kickstart-firstboot-restart"],
  "no-network-no-reboot.cfg": ["kickstart-no-reboot"],
  "percent-end.cfg": ["kickstart-end"],
  "plain-password.cfg": ["kickstart-plain-password"],
};

Deno.test("kickstarts: there are forty at least", () => {
  assert.ok(NAMES.length >= 40, String(NAMES.length));
  for (const name of Object.keys(SAID)) assert.ok(NAMES.includes(name), name);
});

for (const name of NAMES) {
  Deno.test(`kickstart ${name}: taken, merged, and merged again`, async () => {
    const bytes = Deno.readFileSync(new URL(name, FOLDER));
    const findings = await checkInputs({ kickstart: { path: name, bytes }, version: "8.0.3" });
    const said = findings.filter(({ severity }) => severity !== "note").map(({ code }) => code);
    assert.deepEqual(said, SAID[name] ?? []);

    const merged = mergeKickstart(bytes);
    const text = decodeLatin1(merged.bytes);
    const again = await checkInputs({
      kickstart: { path: name, bytes: merged.bytes },
      version: "8.0.3",
    });
    assert.deepEqual(again.filter(({ severity }) => severity === "error"), []);
    const twice = mergeKickstart(merged.bytes);
    assert.equal(decodeLatin1(twice.bytes), text);
    assert.deepEqual([twice.facts, twice.files], [merged.facts, merged.files]);

    const names = statementsOf(parseKickstart(text)).map(({ name }) => name.value);
    for (const wanted of [/^(?:vm)?accepteula$/, /^reboot$/]) {
      assert.equal(names.filter((one) => wanted.test(one)).length, 1, String(wanted));
    }
    // Every script survives byte for byte: %pre in a file, the others where they are.
    const files = merged.files.map((file) => decodeLatin1(file.bytes));
    for (const { name: kind, body } of parseKickstart(decodeLatin1(bytes)).sections) {
      const places = kind === "%pre" ? files : [text];
      assert.ok(places.some((place) => place.includes(body)), `${kind}: ${body}`);
    }
  });
}
