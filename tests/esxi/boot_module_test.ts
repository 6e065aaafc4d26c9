import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { bytesSource, type Source } from "../../lib/blocks/extent.ts";
import { examineBootModule, readBootModule } from "../../lib/esxi/boot_module.ts";
import { noise } from "../formats/support.ts";
import { failure } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";
import { sha256 } from "../support/trees.ts";

const TEXT = new TextEncoder();

/** Both readers take it: the one for memory, and the one that reads in pieces. */
async function accepts(module: Uint8Array, content: Uint8Array): Promise<void> {
  assert.deepEqual(readBootModule(module, "x"), content);
  assert.equal(await examineBootModule(bytesSource("x", module)), sha256(module));
}

const MEMBER = new Uint8Array(gzipSync("a boot module", { level: 9 }));
const EMPTY_MEMBER = new Uint8Array(gzipSync(""));

function joined(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("boot module: one gzip member, or no gzip at all", async () => {
  const content = TEXT.encode("a boot module");
  await accepts(MEMBER, content);
  await accepts(content, content);
  await accepts(EMPTY_MEMBER, new Uint8Array(0));
  await accepts(new Uint8Array(0), new Uint8Array(0));
  // A view into a larger buffer, as readers give them.
  const padded = joined([1, 2, 3], MEMBER, [4]);
  await accepts(padded.subarray(3, 3 + MEMBER.length), content);
});

testWith(["gzip"], "boot module: with the name of its file, as gzip writes it", async () => {
  using folder = new Folder();
  const file = folder.write("module.v00", "a boot module");
  await mustRun("gzip", ["-N", file]);
  const member = Deno.readFileSync(`${file}.gz`);
  assert.notEqual(member[3], 0);
  await accepts(member, TEXT.encode("a boot module"));
});

Deno.test("boot module: optional fields of the header are skipped", async () => {
  const fields: readonly (readonly [flag: number, bytes: Uint8Array])[] = [
    [0x04, joined([0x2c, 1], new Uint8Array(300).fill(9))],
    [0x08, TEXT.encode("name\0")],
    [0x10, TEXT.encode("comment\0")],
    [0x02, new Uint8Array(2)],
  ];
  for (let choice = 0; choice < 16; choice++) {
    const chosen = fields.filter((_, i) => (choice >> i & 1) === 1);
    const header = MEMBER.slice(0, 10);
    for (const [flag] of chosen) header[3]! |= flag;
    const member = joined(header, ...chosen.map(([, bytes]) => bytes), MEMBER.slice(10));
    await accepts(member, TEXT.encode("a boot module"));
  }
});

Deno.test("boot module: what the boot loader stumbles over is refused", async () => {
  const changed = (at: number) => {
    const bytes = MEMBER.slice();
    bytes[bytes.length + at]! ^= 1;
    return bytes;
  };
  const refused = {
    "two members": joined(MEMBER, MEMBER),
    "an empty member before": joined(EMPTY_MEMBER, MEMBER),
    "an empty member behind": joined(MEMBER, EMPTY_MEMBER),
    "zeros behind": joined(MEMBER, new Uint8Array(512)),
    "eight zeros behind": joined(MEMBER, new Uint8Array(8)),
    "rubbish behind": joined(MEMBER, [1, 2, 3]),
    "wrong CRC": changed(-8),
    "wrong size": changed(-4),
    "cut short": MEMBER.slice(0, -1),
    "header alone": MEMBER.slice(0, 10),
    "magic alone": MEMBER.slice(0, 2),
  };
  for (const [what, bytes] of Object.entries(refused)) {
    const refusal = failure("boot-cfg", /one gzip member/);
    assert.throws(() => readBootModule(bytes, "x"), refusal, what);
    await assert.rejects(examineBootModule(bytesSource("x", bytes)), refusal, what);
  }
});

Deno.test("boot module: a large one is read in pieces, to its end", async () => {
  const content = noise(3_000_000, 1);
  const member = new Uint8Array(gzipSync(content, { level: 1 }));
  assert.ok(member.length > 1_000_000);
  for (const module of [member, content]) {
    let most = 0;
    const whole = bytesSource("x", module);
    const source: Source = {
      ...whole,
      read(into, offsetBytes) {
        most = Math.max(most, into.length);
        return whole.read(into, offsetBytes);
      },
    };
    assert.equal(await examineBootModule(source), sha256(module));
    assert.ok(most < 300_000);
  }
  for (const bytes of [joined(member, member), joined(member, [0]), member.slice(0, -1)]) {
    const refusal = failure("boot-cfg", /one gzip member/);
    await assert.rejects(examineBootModule(bytesSource("x", bytes)), refusal);
  }
  const broken = member.slice();
  broken[500_000]! ^= 0xff;
  await assert.rejects(
    examineBootModule(bytesSource("x", broken)),
    failure("boot-cfg", /one gzip member/),
  );
});
