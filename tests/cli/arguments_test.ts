import assert from "node:assert/strict";
import { normalizeArguments } from "../../lib/cli/arguments.ts";

function becomes(args: string, expected: string): void {
  const split = (text: string) => text === "" ? [] : text.split(" ");
  assert.deepEqual(normalizeArguments(split(args)), split(expected), args);
}

Deno.test("arguments: commands stay what they are", () => {
  for (
    const args of [
      "",
      "build x.iso -o y.img",
      "inspect x.iso",
      "verify y.img --iso x.iso",
      "gen-img x.iso y.img --format raw",
      "--help",
      "-h",
      "--version",
      "-v",
      "nonsense",
    ]
  ) becomes(args, args);
});

Deno.test("arguments: an option or an ISO in the first place means build", () => {
  becomes("-o out.img x.iso", "build -o out.img x.iso");
  becomes("x.iso", "build x.iso");
  becomes("dir/X.ISO --quiet", "build dir/X.ISO --quiet");
  becomes("--force x.iso", "build --force x.iso");
  becomes("-o - x.iso", "build -o - x.iso");
});

Deno.test("arguments: what every command takes may stand before the command", () => {
  const commands = ["build", "inspect"];
  const moved = (line: string) => normalizeArguments(line.split(" "), commands).join(" ");
  assert.equal(moved("--json --debug inspect x.img"), "inspect --json --debug x.img");
  assert.equal(moved("-q build x.iso"), "build -q x.iso");
  assert.equal(moved("-q x.iso"), "build -q x.iso");
  assert.equal(moved("--force build x.iso"), "build --force build x.iso");
});

Deno.test("arguments: values that begin with a dash are joined to their options", () => {
  becomes(
    "build x.iso --install-disk --firstdisk --force",
    "build x.iso --install-disk=--firstdisk --force",
  );
  becomes("build --kernelopt -a --kernelopt b x.iso", "build --kernelopt=-a --kernelopt b x.iso");
  becomes("--install-disk --disk=a x.iso", "build --install-disk=--disk=a x.iso");
  becomes("build x.iso --install-disk=--firstdisk", "build x.iso --install-disk=--firstdisk");
  becomes("build x.iso --install-disk", "build x.iso --install-disk");
  assert.deepEqual(
    normalizeArguments(["build", "--install-disk", "--firstdisk --overwritevmfs", "x.iso"]),
    ["build", "--install-disk=--firstdisk --overwritevmfs", "x.iso"],
  );
});

Deno.test("arguments: what is given is not changed", () => {
  const args = Object.freeze(["-o", "out", "x.iso"]);
  assert.deepEqual(normalizeArguments(args), ["build", "-o", "out", "x.iso"]);
});
