/**
 * Medians, ratios, tables and the chart.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import { drawChart } from "./chart.ts";
import { median, type ProgramResult, summarize, type WorkloadResult } from "./results.ts";
import { memoryTable, plainTable, programTable, scaleTable } from "./tables.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

function program(name: string, seconds: number[], outputBytes: number | null): ProgramResult {
  const rounds = seconds.map((wallSeconds) => ({
    wallSeconds,
    userSeconds: 0.1,
    systemSeconds: 0.2,
    peakBytes: 80e6,
    outputBytes,
  }));
  return { name, title: `program <${name}>`, isOurs: name === "gz", rounds };
}

function workload(name: string, scale: number): WorkloadResult {
  return {
    name,
    title: `ISO of ${name}`,
    isoBytes: scale * 1e9,
    reference: "cat",
    programs: [
      program("cat", [0.2 * scale, 0.4 * scale], 1000),
      program("gz", [0.3 * scale, 0.6 * scale], 990),
      program("gzip", [20 * scale, 40 * scale], 1000),
    ],
  };
}

const RESULTS = {
  date: "2024-02-29",
  isQuick: false,
  machine: {
    cpu: "Processor & more",
    cores: 2,
    memoryBytes: 8e9,
    kernel: "Linux 6.1",
    fileSystem: "ext4",
    load: 0,
    versions: {},
  },
  workloads: [workload("700MB", 0.7), workload("4GB", 4)],
};

Deno.test("the median has as many values below as above", () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e6 }), {
    minLength: 1,
  });
  fc.assert(fc.property(values, (values) => {
    const middle = median(values);
    const below = values.filter((value) => value < middle).length;
    const above = values.filter((value) => value > middle).length;
    assert.ok(below <= values.length / 2 && above <= values.length / 2);
  }));
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), RangeError);
});

Deno.test("a round that is slow for all programs does not change the ratios", () => {
  const slowness = fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), { minLength: 1 });
  fc.assert(fc.property(slowness, (rounds) => {
    const result: WorkloadResult = {
      ...workload("700MB", 1),
      programs: [program("cat", rounds, 1), program("gz", rounds.map((slow) => 1.25 * slow), 1)],
    };
    const { ratio } = summarize(result, result.programs[1]!);
    for (const value of [ratio!.min, ratio!.median, ratio!.max]) {
      assert.ok(Math.abs(value - 1.25) < 1e-9);
    }
  }));
});

Deno.test("programs with other rounds than the reference are not compared", () => {
  const result = workload("700MB", 1);
  assert.throws(() => summarize(result, program("gz", [1], 1)), RangeError);
});

Deno.test("tables", () => {
  assert.equal(
    plainTable(programTable(RESULTS.workloads[0]!)),
    [
      "program         × cat    from–to  seconds  CPU seconds  peak MB  output MB  of gzip -6",
      "program <cat>    1.00  1.00–1.00    0.210        0.300       80          0",
      "program <gz>     1.50  1.50–1.50    0.315        0.300       80          0      99.0 %",
      "program <gzip>    100    100–100     21.0        0.300       80          0     100.0 %",
    ].join("\n"),
  );
  assert.deepEqual(scaleTable(RESULTS)?.rows.map((row) => row[1]), ["0.300", "0.450", "30.0"]);
  assert.deepEqual(memoryTable(RESULTS)?.rows, [["program <gz>", "80", "80"]]);
});

Deno.test("columns that no program fills are left out", () => {
  const programs = [program("help", [0.04], null)];
  const { header } = programTable({ ...workload("start-up", 1), reference: null, programs });
  assert.deepEqual(header, ["program", "seconds", "CPU seconds", "peak MB"]);
});

testWith(["/usr/bin/python3"], "the chart is XML, its bars are true to scale", async () => {
  using folder = new Folder();
  const path = folder.write("chart.svg", drawChart(RESULTS));
  const script = [
    "import json, sys, xml.etree.ElementTree as tree",
    "svg = tree.parse(sys.argv[1]).getroot()",
    "rects = [dict(e.attrib) for e in svg if e.tag.endswith('rect')]",
    "print(json.dumps({'width': svg.get('width'), 'rects': rects}))",
  ].join("\n");
  const { stdout } = await mustRun("/usr/bin/python3", ["-c", script, path]);
  const { width, rects } = JSON.parse(stdout);
  const bars = rects.filter((rect: { class: string }) => rect.class !== "card");
  assert.deepEqual(
    bars.map((bar: { class: string }) => bar.class).slice(0, 3),
    ["reference", "ours", "peer"],
  );
  const [cat, gz, gzip] = bars.map((bar: { width: string }) => Number(bar.width));
  assert.ok(Math.abs(gzip / cat - 100) < 3 && Math.abs(gz / cat - 1.5) < 0.05, `${cat} ${gz}`);
  for (const bar of bars) assert.ok(Number(bar.x) + Number(bar.width) < Number(width));
});
