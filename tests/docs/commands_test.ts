/**
 * The commands in the documents run as they are printed there, or a comment before them says why
 * not.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commandBlocks, readDocuments } from "../support/documents.ts";
import { EXECUTABLE, ROOT } from "../support/executable.ts";
import { exists, Folder } from "../support/folder.ts";
import { pathOf, run } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { makeBundle, makeVib } from "../support/vibs.ts";

const BLOCKS = readDocuments().flatMap(commandBlocks);
/** What commands may need besides ours; without it they are left out. */
const HELPERS = ["jq"];
const DEFAULT_OUTPUT = "esxi.img.gz";

/** The first word that is a program, environment left out. */
function programOf(command: string): string {
  return /^(?:[A-Z_]+=\S* )*(\S+)/.exec(command)?.[1] ?? "";
}

/** Whatever else is in a document: what is run is ours, and stays in its folder. */
function isHarmless(command: string): boolean {
  const unquoted = command.replaceAll(/'[^']*'/g, "''");
  const [first = "", ...filters] = unquoted.split(/ (?:\||&&) /);
  return programOf(first) === "esxi-img" && !/\/dev\/| ssh /.test(command) &&
    filters.every((filter) => ["jq", "echo", "tar"].includes(programOf(filter)));
}

async function workingFolder(): Promise<Folder> {
  const folder = new Folder();
  for (const name of ["esxi.iso", "installer.iso"]) await writeSampleIso(folder.file(name));
  for (const name of ["bin", "DIR", "DIR/hosts", "srv/tftp", "images", "www", "keys"]) {
    Deno.mkdirSync(folder.file(name), { recursive: true });
  }
  Deno.symlinkSync(EXECUTABLE, folder.file("bin/esxi-img"));
  for (const name of ["pw", "root-password"]) folder.write(name, "Example#Pass-77\n");
  const body = btoa(`\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0${"\xd1".repeat(256)}`);
  for (const name of ["id.pub", "admin.pub", "keys/admins.pub"]) {
    folder.write(name, `ssh-rsa ${body} admin\n`);
  }
  folder.write("my-ks.cfg", "vmaccepteula\nrootpw Example#Pass-77\ninstall --firstdisk\nreboot\n");
  const vib = makeVib({ name: "net-acme" });
  folder.write("net-acme.vib", vib);
  folder.write("acme-bundle.zip", await makeBundle([["acme", vib]], { version: "8.*" }));
  for (const [i, host] of ["rack/hosts/esx-01", "rack/hosts/esx-02", "DIR/hosts/one"].entries()) {
    Deno.mkdirSync(folder.file(host), { recursive: true });
    const metadata = {
      uuid: `00000000-0000-4000-8000-00000000000${i}`,
      hostname: "esx-01",
      admin_pass: "Example#Pass-77",
    };
    folder.write(`${host}/meta_data.json`, JSON.stringify(metadata));
  }
  folder.write(
    "esxi.toml",
    'ssh-key = "keys/admins.pub"\n[build]\nroot-password-file = "pw"\n' +
      'kernelopt = ["systemMediaSize=min"]\nstrict = true\n',
  );
  return folder;
}

Deno.test("commands: what is not run says so, and what runs it is there", () => {
  for (const { path, line, commands, notRun, runBy } of BLOCKS) {
    const place = `${path}:${line}`;
    assert.ok(commands.length > 0, place);
    if (runBy !== undefined) {
      assert.ok(exists(ROOT + runBy), `${place}: there is no ${runBy}`);
      continue;
    }
    const programs = commands.map(programOf);
    assert.ok(
      commands.every((command) => programOf(command) !== "esxi-img" || isHarmless(command)),
      `${place}: this command leaves its folder`,
    );
    for (const program of notRun) assert.ok(programs.includes(program), `${place}: ${program}`);
    const unmarked = programs.filter((program) =>
      !notRun.includes(program) && program !== "esxi-img"
    );
    assert.deepEqual(unmarked, [], `${place}: mark them: <!-- not run: ${unmarked.join(", ")} -->`);
  }
});

Deno.test("commands: those of esxi-img do what the documents say, one after the other", async (t) => {
  let count = 0;
  for (const { path, line, commands, notRun, runBy } of BLOCKS) {
    const typed = runBy === undefined && !notRun.includes("esxi-img")
      ? commands.filter(isHarmless)
      : [];
    const missing = HELPERS.filter((name) =>
      pathOf(name) === undefined && typed.some((command) => command.includes(`${name} `))
    );
    if (typed.length === 0 || missing.length > 0) continue;
    await t.step(`${path}:${line}`, async () => {
      using folder = await workingFolder();
      const env = { PATH: `${folder.file("bin")}:${Deno.env.get("PATH")}` };
      for (const command of typed) {
        const here = command.replaceAll(" /srv/", ` ${folder.path}/srv/`).replaceAll(" … ", " ");
        const options = { cwd: folder.path, env };
        // What the line before wrote because it named no output.
        if (!here.includes(DEFAULT_OUTPUT) && exists(folder.file(DEFAULT_OUTPUT))) {
          await Deno.remove(folder.file(DEFAULT_OUTPUT));
        }
        const { code, stderr } = await run("bash", ["-o", "pipefail", "-c", here], options);
        assert.equal(code, 0, `${here}\n${stderr}`);
        count++;
      }
    });
  }
  assert.ok(count > 15, String(count));
});
