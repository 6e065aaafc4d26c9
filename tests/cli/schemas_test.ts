/**
 * Results as JSON are as `schema/` says: of every command, in all its kinds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { routes } from "../../lib/cli/app.ts";
import { listCommands } from "../../lib/cli/definitions.ts";
import { RESULT_SCHEMA } from "../../lib/cli/results.ts";
import { Folder } from "../support/folder.ts";
import { esxiImg, type Outcome, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { makeVib } from "../support/vibs.ts";
import { AJV_FILES, assertValid, readSchema, schemaNames } from "../support/schemas.ts";

/** A command line, the schema of what it prints, and its exit status. */
type Case = readonly [line: string, schema: string, status?: number];

/** In this order: later ones use what earlier ones write. */
const CASES: readonly Case[] = [
  ["build in.iso -o a.img --json --verify", "build"],
  ["build in.iso -o a.iso --json --root-password-file pw", "build"],
  ["build in.iso -o a.img.gz --json --manifest a.json", "build"],
  ["gen-img in.iso b.img --json", "build"],
  ["build in.iso --batch --metadata m -f qcow2 -o many --json --manifest many.json", "batch"],
  ["build in.iso --batch --metadata m -f iso -o isos --json", "batch"],
  ["check in.iso --json", "check"],
  ["check in.iso -o many --batch --metadata m -f qcow2 --json --force", "check"],
  ["check a.img --json", "check", 1],
  ["check in.iso -f tape --json", "check", 2],
  ["netboot in.iso -o net --json", "netboot"],
  ["netboot in.iso -o net2 --json --prefix /esxi", "netboot"],
  ["convert a.img -o c.qcow2 --json", "convert"],
  ["kickstart -o ks.cfg --json", "part"],
  ["payload -o p.tgz --json --root-password-file pw", "part"],
  ["ks-template ks2.cfg --json", "part"],
  ["installer-helper p2.tgz --json", "part"],
  ["completion zsh --json", "completion"],
  ["verify a.img --iso in.iso --json", "verify"],
  ["verify a.img.gz --manifest a.json --iso in.iso --json", "verify"],
  ["verify c.qcow2 --manifest a.json --json", "verify"],
  ["verify in.iso --iso in.iso --json", "verify", 1],
  ["inspect in.iso --json", "inspect"],
  ["inspect a.img.gz --json", "inspect"],
  ["inspect a.iso --json", "inspect"],
  ["inspect nic.vib --json", "driver"],
  ["--version --json", "version"],
];

async function workingFolder(): Promise<Folder> {
  const folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  folder.write("nic.vib", makeVib({ name: "net-acme-nic" }));
  folder.write("pw", "Example#Pass-77\n");
  for (const host of ["one", "two"]) {
    Deno.mkdirSync(folder.file(`m/hosts/${host}`), { recursive: true });
    const metadata = { uuid: `id-${host}`, hostname: host, admin_pass: "Example#Pass-77" };
    folder.write(`m/hosts/${host}/meta_data.json`, JSON.stringify(metadata));
  }
  for (const name of ["many", "isos"]) Deno.mkdirSync(folder.file(name));
  return folder;
}

function resultOf(line: string, { stdout, stderr, code }: Outcome, status: number): unknown {
  assert.equal(code, status, `${line}: ${stderr}`);
  return JSON.parse(stdout);
}

testWith(AJV_FILES, "schemas: what every command prints is as they say", async (t) => {
  using folder = await workingFolder();
  const { path: cwd } = folder;
  const seen = new Set<string>();
  for (const [line, schema, status = 0] of CASES) {
    await t.step(line, async () => {
      const result = resultOf(line, await esxiImg(line.split(" "), { cwd }), status);
      assertValid(schema, result);
      assert.throws(() => assertValid(schema, { ...result as object, schema: 2 }), /schema/);
      assert.throws(() => assertValid(schema, { ...result as object, more: 1 }), /additional/);
      seen.add(schema);
    });
  }
  for (const [file, schema] of [["a.json", "manifest"], ["many.json", "batch-manifest"]] as const) {
    await t.step(file, () => {
      assertValid(schema, JSON.parse(Deno.readTextFileSync(folder.file(file))));
      seen.add(schema);
    });
  }
  // Findings are part of results.
  assert.deepEqual([...seen, "finding"].toSorted(), schemaNames());
});

Deno.test("schemas: every command prints JSON, and all of one version", () => {
  const commands = listCommands(routes, true).map(({ name }) => name);
  const covered = CASES.map(([line]) => line.split(" ")[0]);
  assert.deepEqual(commands.filter((name) => !covered.includes(name)), []);
  for (const name of schemaNames()) {
    const { $id, properties } = readSchema(name) as {
      $id: string;
      properties: { schema?: { const: number } };
    };
    assert.equal($id, `urn:esxi-img:${RESULT_SCHEMA}:${name}.json`);
    assert.ok(properties.schema === undefined || properties.schema.const === RESULT_SCHEMA, name);
  }
});

Deno.test("common options: every command takes them", () => {
  for (const { name, options } of listCommands(routes, true)) {
    const names = options.flatMap((option) => [option.name, option.alias]);
    for (const option of ["--quiet", "-q", "--json", "--no-color", "--debug", "--help", "-h"]) {
      assert.ok(names.includes(option), `${name} ${option}`);
    }
  }
});
