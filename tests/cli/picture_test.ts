/**
 * What the bytes of a medium are for, as a bar and as a picture.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import { allotCells, drawBar, percent } from "../../lib/cli/picture/bar.ts";
import { drawSvg } from "../../lib/cli/picture/svg.ts";
import { FileSource } from "../../lib/host/files.ts";
import { inspect } from "../../lib/image/inspect.ts";
import { divideMedium, largestModules, SHARE_NAMES } from "../../lib/image/shares.ts";
import { ROOT } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { writeInstallerIso } from "../support/installer_iso.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

Deno.test("bar: every part has a cell, all have the bar, the larger never has fewer", () => {
  assert.deepEqual(allotCells([1, 1, 2], 8), [2, 2, 4]);
  assert.deepEqual(allotCells([1, 1000], 10), [1, 9]);
  assert.deepEqual(allotCells([1, 1, 1], 3), [1, 1, 1]);
  const sizes = fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: 1, maxLength: 7 });
  fc.assert(fc.property(sizes, fc.integer({ min: 8, max: 100 }), (sizes, cells) => {
    const allotted = allotCells(sizes, cells);
    assert.equal(allotted.reduce((sum, count) => sum + count, 0), cells);
    assert.ok(allotted.every((count) => count >= 1));
    sizes.forEach((a, i) =>
      sizes.forEach((b, j) => assert.ok(a <= b || allotted[i]! >= allotted[j]! - 1))
    );
  }));
});

Deno.test("bar: marks, sizes and shares of what there is", () => {
  assert.deepEqual(
    drawBar([
      { name: "partition table", sizeBytes: 2_000 },
      { name: "modules", sizeBytes: 499_000 },
      { name: "free", sizeBytes: 499_000 },
    ], 10),
    [
      "|#mmmmm....|",
      "# partition table    2.00 kB    <1 %",
      "m modules             499 kB    50 %",
      ". free                499 kB    50 %",
    ],
  );
  assert.equal(percent(0, 5), "0 %");
  assert.equal(percent(5, 5), "100 %");
});

Deno.test("shares: together they are the medium, and each is what the image was built with", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  await writeSampleIso(folder.file("in.iso"));
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "a.img", "--free", "10MiB"], { cwd });
  await mustEsxiImg(["build", "in.iso", "-q", "-o", "b.iso"], { cwd });
  for (const name of ["in.iso", "a.img", "b.iso"]) {
    using file = FileSource.open(folder.file(name));
    const inspection = await inspect(file);
    const shares = divideMedium(inspection);
    const total = shares.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    assert.equal(total, file.sizeBytes, name);
    const names = shares.map((share) => share.name);
    assert.deepEqual(names, SHARE_NAMES.filter((known) => names.includes(known)));
    assert.equal(names.includes("payload"), name !== "in.iso");
    assert.equal(names.includes("free"), name === "a.img");
    const size = (wanted: string) => shares.find((share) => share.name === wanted)?.sizeBytes;
    if (name === "a.img") {
      assert.equal(size("partition table"), 1024 * 1024 + 1024 * 1024);
      assert.ok(size("free")! >= 10 * 1024 * 1024);
    }
    if ("problem" in inspection.installer) throw new Error(inspection.installer.problem);
    const cfg = inspection.installer.bootCfgs[0]!;
    const bytesOf = (wanted: readonly string[]) =>
      inspection.files.filter(({ path }) =>
        wanted.some((one) => one.toUpperCase().replace("/", "") === path.toUpperCase())
      ).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    assert.equal(size("kernel"), bytesOf([cfg.kernel]), name);
    assert.equal(
      size("modules"),
      bytesOf(cfg.modules.filter((module) => !module.endsWith("esxiimg.tgz"))),
      name,
    );
    const largest = largestModules(inspection, 3).map(({ sizeBytes }) => sizeBytes);
    assert.deepEqual(largest, largest.toSorted((a, b) => b - a));
  }
});

Deno.test("picture: names out of an ISO stay text", () => {
  const svg = drawSvg({
    title: 'a <b> & "c"',
    shares: [{ name: "modules", sizeBytes: 1 }],
    modules: [{ path: "<script>\u0000\ud800", sizeBytes: 1 }],
  });
  assert.ok(svg.includes("a &lt;b&gt; &amp; &quot;c&quot;"));
  assert.ok(svg.includes(">&lt;script&gt;</text>"));
});

testWith(
  ["python3"],
  "picture: --svg writes what an XML parser reads, and spares what is there",
  async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    await writeSampleIso(folder.file("in.iso"));
    const { stdout } = await mustEsxiImg(["inspect", "in.iso", "--svg", "a.svg"], { cwd });
    assert.match(stdout, /^ {2}\|[=kmo]{64}\|$/m);
    assert.match(stdout, /^ {2}the largest modules\n( {4}\S+ +[\d.]+ \w+\n){5}/m);
    const read =
      "import sys, xml.etree.ElementTree as e; print(e.parse(sys.argv[1]).getroot().tag)";
    const parsed = await mustRun("python3", ["-c", read, "a.svg"], { cwd });
    assert.equal(parsed.stdout, "{http://www.w3.org/2000/svg}svg\n");
    const again = await esxiImg(["inspect", "in.iso", "--svg", "a.svg"], { cwd });
    assert.match(again.stderr, /^esxi-img: a\.svg: the file exists; pass --force/);
    const piped = await mustEsxiImg(["inspect", "in.iso", "--svg", "-"], { cwd });
    assert.equal(piped.stdout, Deno.readTextFileSync(folder.file("a.svg")));
    const both = await esxiImg(["inspect", "in.iso", "--svg", "-", "--json"], { cwd });
    assert.deepEqual([both.code, both.stdout], [2, ""]);
  },
);

Deno.test("picture: README's is the one that the demonstration draws", async () => {
  using folder = new Folder();
  const { path: cwd } = folder;
  writeInstallerIso(folder.file("installer.iso"));
  folder.write("pw", "VMware1!\n");
  const build = ["build", "installer.iso", "-o", "a.img", "-q", "--root-password-file", "pw"];
  await mustEsxiImg(build, { cwd });
  const { stdout } = await mustEsxiImg(["inspect", "a.img", "--svg", "-"], { cwd });
  // The payload's size, and what it moves, follow the guest code from day to day.
  const plain = (svg: string) => svg.replaceAll(/[\d.]+|\s+/g, "");
  const shown = plain(Deno.readTextFileSync(`${ROOT}docs/disk.svg`));
  assert.equal(plain(stdout), shown, "deno task demo draws it: copy dist/demo/installer.svg there");
});
