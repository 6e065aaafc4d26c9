/**
 * The systems that the OpenStack documentation is for judge it: Nova's scheduler filter reads the
 * properties that its commands set, Glance's inspector the formats that they upload.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Folder } from "../support/folder.ts";
import { OPENSTACK_MODULES } from "../support/judges.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

const PYTHON = "/usr/bin/python3";
const FILTER = fileURLToPath(new URL("./nova_filter.py", import.meta.url));
const PAGES = ["../../README.md", "../../docs/openstack.md"];
/**
 * What Glance's inspector calls each format. It knows neither gzip nor ISO, and of VMDK no
 * streamOptimized one: it reads front to back, and those have their directory at the end.
 */
const GLANCE_NAMES = { raw: "raw", qcow2: "qcow2", vmdk: "raw", "vmdk-sparse": "vmdk", vhd: "vhd" };

const env = { PYTHONPATH: OPENSTACK_MODULES };
const NOVA = `${OPENSTACK_MODULES}/nova/__init__.py`;
const GLANCE = `${OPENSTACK_MODULES}/glance/__init__.py`;

/** The properties that the commands of a page give to images. */
function imageProperties(page: string): string[][] {
  const text = Deno.readTextFileSync(new URL(page, import.meta.url));
  const commands = text.replaceAll("\\\n", " ").match(/^ *openstack image create .*$/gm) ?? [];
  return commands.map((command) =>
    [...command.matchAll(/--property (\S+)/g)].map(([, property]) => property!)
  );
}

Deno.test("documentation: its images have properties, and none that keeps Ironic nodes away", () => {
  for (const page of PAGES) {
    const images = imageProperties(page);
    assert.ok(images.length > 0, page);
    for (const properties of images) {
      assert.ok(properties.includes("img_config_drive=mandatory"), page);
      assert.ok(!properties.some((property) => property.startsWith("hypervisor_type=")), page);
    }
  }
});

testWith([NOVA], "Nova's filter lets images of the documentation onto Ironic nodes", async () => {
  const judge = async (...properties: string[]) =>
    (await mustRun(PYTHON, [FILTER, ...properties], { env })).stdout.trim();
  assert.equal(await judge("hypervisor_type=vmware"), "no valid host", "the judge is awake");
  for (const page of PAGES) {
    for (const properties of imageProperties(page)) {
      assert.equal(await judge(...properties), "passes", properties.join(" "));
    }
  }
});

testWith([GLANCE], "Glance recognises the formats", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  const script =
    "import sys; from glance.common import format_inspector as f; print(f.detect_file_format(sys.argv[1]))";
  for (const [format, name] of Object.entries(GLANCE_NAMES)) {
    const image = folder.file(format);
    await mustEsxiImg(["build", "in.iso", "-f", format, "-o", format, "-q"], { cwd });
    const { stdout } = await mustRun(PYTHON, ["-c", script, image], { env });
    assert.equal(stdout.trim(), name);
  }
});
