import assert from "node:assert/strict";
import { binaryKind } from "../../release/binary_kind.ts";
import { packDeb } from "../../release/deb.ts";
import { readNeeds } from "../../release/elf.ts";
import { packOci } from "../../release/oci.ts";
import { textFile } from "../../release/packed_file.ts";
import { gzip, packFiles } from "../../release/tar.ts";
import { packZip } from "../../release/zip.ts";
import { EXECUTABLE, neededForCompiled } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

/** 2026-07-01 12:34:56 UTC; zip knows even seconds alone. */
const TIME_SECONDS = Date.UTC(2026, 6, 1, 12, 34, 56) / 1000;
const LONG = `long/${"folder/".repeat(15)}${"name".repeat(20)}.txt`;
const FILES = [
  textFile("usr/bin/program", "#!/bin/sh\necho it runs\n", 0o755),
  textFile("usr/share/doc/program/größe.txt", "größe\n"),
  textFile("empty", ""),
  { path: "odd", bytes: Uint8Array.of(1, 2, 3) },
];
const utc = { TZ: "UTC", LC_ALL: "C.UTF-8" };
/** In another order: nothing may depend on it. */
const REVERSED = FILES.toReversed();

async function assertUnpacked(folder: string, files = FILES): Promise<void> {
  for (const { path, bytes } of files) {
    assert.deepEqual(await Deno.readFile(`${folder}/${path}`), bytes, path);
  }
  assert.equal((await mustRun(`${folder}/usr/bin/program`, [])).stdout, "it runs\n");
}

testWith(["tar", "gzip"], "tar: GNU tar reads names, modes, times and owners", async () => {
  using folder = new Folder();
  const files = [...FILES, textFile(LONG, "deep\n")];
  const folders = [{ path: "tmp", mode: 0o1777 }];
  const tar = gzip(await packFiles(files, { timeSeconds: TIME_SECONDS, folders }));
  const path = folder.write("x.tar.gz", tar);
  const { stdout } = await mustRun("tar", ["tvzf", path], { env: utc });
  const lines = stdout.trim().split("\n").map((line) => line.replaceAll(/ +/g, " "));
  assert.equal(lines[0], "-rw-r--r-- root/root 0 2026-07-01 12:34 empty");
  assert.ok(lines.includes("-rwxr-xr-x root/root 23 2026-07-01 12:34 usr/bin/program"));
  assert.ok(lines.includes("drwxrwxrwt root/root 0 2026-07-01 12:34 tmp/"));
  assert.ok(lines.includes("drwxr-xr-x root/root 0 2026-07-01 12:34 usr/share/doc/"));
  await mustRun("tar", ["xzf", path, "-C", folder.path]);
  await assertUnpacked(folder.path, files);
  const again = await packFiles(files.toReversed(), { timeSeconds: TIME_SECONDS, folders });
  assert.deepEqual(gzip(again), tar);
});

testWith(["unzip"], "zip: unzip tests it, and reads names, modes and times", async () => {
  using folder = new Folder();
  const zip = packZip(FILES, TIME_SECONDS);
  const path = folder.write("x.zip", zip);
  const tested = await mustRun("unzip", ["-t", path]);
  assert.match(tested.stdout, /No errors detected/);
  const { stdout } = await mustRun("unzip", ["-Z", "-T", path], { env: utc });
  assert.match(stdout, /-rwxr-xr-x .* 23 .* 20260701\.123456 usr\/bin\/program\n/);
  await mustRun("unzip", ["-q", path, "-d", folder.path], { env: utc });
  await assertUnpacked(folder.path);
  assert.deepEqual(packZip(REVERSED, TIME_SECONDS), zip);
  assert.throws(() => packZip(FILES, 0), /before 1980/);
});

const DEB = {
  name: "program",
  version: "1.2.3",
  architecture: "amd64",
  maintainer: "Jane Doe <jane@example.org>",
  depends: "libc6 (>= 2.27)",
  brief: "program that runs",
  description: `It runs, ${"and runs, ".repeat(20)}until it ends.`,
  timeSeconds: TIME_SECONDS,
} as const;

testWith(["dpkg-deb", "md5sum"], "deb: dpkg-deb reads its fields and files", async () => {
  using folder = new Folder();
  const deb = await packDeb(FILES, DEB);
  const path = folder.write("x.deb", deb);
  const { stdout } = await mustRun("dpkg-deb", ["--field", path]);
  const description = stdout.slice(stdout.indexOf("Description:")).split("\n");
  assert.match(stdout, /^Package: program\nVersion: 1\.2\.3\nArchitecture: amd64\n/);
  assert.match(stdout, /\nInstalled-Size: 3\nDepends: libc6 \(>= 2\.27\)\n/);
  assert.ok(description.every((line) => line.length <= 79), stdout);
  assert.equal(description.slice(1).map((line) => line.trim()).join(" ").trim(), DEB.description);
  await mustRun("dpkg-deb", ["--raw-extract", path, folder.file("out")]);
  await assertUnpacked(folder.file("out"));
  await mustRun("md5sum", ["-c", "DEBIAN/md5sums"], { cwd: folder.file("out") });
  assert.deepEqual(await packDeb(REVERSED, DEB), deb);
});

testWith(["skopeo", "umoci"], "oci: skopeo reads its facts, umoci unpacks it", async () => {
  using folder = new Folder();
  const image = await packOci(FILES, {
    name: "program",
    version: "1.2.3",
    architecture: "arm64",
    entrypoint: ["/usr/bin/program"],
    workingDir: "/work",
    labels: { title: "program" },
    timeSeconds: TIME_SECONDS,
  });
  const path = folder.write("x.oci.tar", image);
  const facts = JSON.parse((await mustRun("skopeo", ["inspect", `oci-archive:${path}`])).stdout);
  assert.equal(facts.Architecture, "arm64");
  assert.equal(facts.Created, "2026-07-01T12:34:56Z");
  assert.equal(facts.Labels["org.opencontainers.image.title"], "program");
  assert.equal(facts.Labels["org.opencontainers.image.version"], "1.2.3");
  const raw = await mustRun("skopeo", ["inspect", "--config", "--raw", `oci-archive:${path}`]);
  const { config } = JSON.parse(raw.stdout);
  assert.deepEqual(config.Entrypoint, ["/usr/bin/program"]);
  assert.deepEqual([config.User, config.WorkingDir], ["65532:65532", "/work"]);
  await Deno.mkdir(folder.file("oci"));
  await mustRun("tar", ["xf", path, "-C", folder.file("oci")]);
  const unpack = [
    "unpack",
    "--rootless",
    "--image",
    `${folder.file("oci")}:localhost/program:1.2.3`,
  ];
  await mustRun("umoci", [...unpack, folder.file("out")]);
  await assertUnpacked(folder.file("out/rootfs"));
  for (const name of ["dev", "proc", "tmp", "work"]) {
    assert.ok((await Deno.stat(folder.file(`out/rootfs/${name}`))).isDirectory, name);
  }
});

testWith(
  neededForCompiled(),
  "executables: which machine one is for, by its first bytes",
  async () => {
    const bytes = await Deno.readFile(EXECUTABLE);
    const kinds = { "x86_64-linux": "linux-x64", "aarch64-linux": "linux-arm64" };
    const here = kinds[`${Deno.build.arch}-${Deno.build.os}` as keyof typeof kinds];
    if (here !== undefined) assert.equal(binaryKind(bytes.subarray(0, 4096)), here);
    const start = (values: readonly (readonly [at: number, ...bytes: number[]])[]) => {
      const made = new Uint8Array(512);
      for (const [at, ...rest] of values) made.set(rest, at);
      return made;
    };
    const elf = [0, 0x7f, 0x45, 0x4c, 0x46, 2, 1] as const;
    const pe = [[0, 0x4d, 0x5a], [0x3c, 0x80], [0x80, 0x50, 0x45, 0, 0]] as const;
    const cases: (readonly [Uint8Array, string | undefined])[] = [
      [start([elf, [18, 0x3e]]), "linux-x64"],
      [start([elf, [18, 0xb7]]), "linux-arm64"],
      [start([elf, [18, 0x28]]), undefined],
      [start([[0, 0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1]]), "darwin-x64"],
      [start([[0, 0xcf, 0xfa, 0xed, 0xfe, 0xc, 0, 0, 1]]), "darwin-arm64"],
      [start([...pe, [0x84, 0x64, 0x86]]), "win32-x64"],
      [start([...pe, [0x84, 0x4c, 1]]), undefined],
      [start([[0, 0x4d, 0x5a], [0x3c, 0xff, 0xff]]), undefined],
      [new Uint8Array(512), undefined],
      [new Uint8Array(3), undefined],
    ];
    for (const [made, kind] of cases) assert.equal(binaryKind(made), kind);
  },
);

testWith(
  ["readelf", "/usr/bin/python3", ...neededForCompiled()],
  "executables: what one needs is what readelf lists",
  async () => {
    for (const path of [EXECUTABLE, "/bin/ls", "/usr/bin/python3"]) {
      const { loader, libraries, glibc } = readNeeds(await Deno.readFile(path));
      const { stdout } = await mustRun("readelf", ["--wide", "-d", "-l", "-V", path]);
      const listed = [...stdout.matchAll(/\(NEEDED\).*\[(\S+)\]/g)].map(([, name]) => name);
      assert.deepEqual(libraries, listed, path);
      assert.ok(stdout.includes(`interpreter: ${loader}]`), path);
      const versions = [...stdout.matchAll(/Name: GLIBC_2\.(\d+)/g)].map(([, minor]) => minor);
      assert.equal(glibc, `2.${Math.max(...versions.map(Number))}`, path);
    }
    const text = new TextEncoder().encode("no executable".repeat(10));
    assert.throws(() => readNeeds(text), /no ELF/);
  },
);
