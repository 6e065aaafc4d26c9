import fc from "fast-check";
import assert from "node:assert/strict";
import { Failure } from "../../lib/blocks/failure.ts";
import { isKickstart, parseBootCfg, resolveBootPath, splitWords } from "../../lib/esxi/boot_cfg.ts";
import { type BootCfgEdits, editBootCfg } from "../../lib/esxi/edit_boot_cfg.ts";
import { failure } from "../support/failures.ts";

const PATH = "/EFI/BOOT/BOOT.CFG";
const KICKSTART = "file:///esxiimg/KS.CFG";
const EDITS: BootCfgEdits = {
  modules: ["/esxiimg.tgz"],
  kickstart: KICKSTART,
  kernelOptions: [],
};

function edit(text: string, edits: Partial<BootCfgEdits> = {}): string {
  return editBootCfg(text, { ...EDITS, ...edits }, PATH);
}

function parse(text: string) {
  return parseBootCfg(text, PATH);
}

/** As each release has it, but for the number of modules. */
const RELEASES = {
  "6.5": `bootstate=0
title=Loading ESXi installer
timeout=5
prefix=
kernel=/tboot.b00
kernelopt=runweasel
modules=/b.b00 --- /jumpstrt.gz --- /useropts.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz
build=
updated=0
`,
  "6.7": `bootstate=0
title=Loading ESXi installer
timeout=5
prefix=
kernel=/b.b00
kernelopt=cdromBoot runweasel
modules=/jumpstrt.gz --- /useropts.gz --- /features.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz
build=
updated=0
`,
  "7.0": `bootstate=0
title=Loading ESXi installer
timeout=5
prefix=
kernel=/b.b00
kernelopt=cdromBoot runweasel
modules=/jumpstrt.gz --- /useropts.gz --- /features.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz
build=7.0.0-1.0.15843807
updated=0
`,
  "7.0.2": `bootstate=0
title=Loading ESXi installer
timeout=5
prefix=
kernel=/b.b00
kernelopt=runweasel cdromBoot
modules=/jumpstrt.gz --- /useropts.gz --- /features.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz
build=7.0.2-0.0.17630552
updated=0
`,
  "8.0": `bootstate=0
title=Loading ESXi installer
timeout=5
prefix=
kernel=/b.b00
kernelopt=runweasel cdromBoot
modules=/jumpstrt.gz --- /useropts.gz --- /features.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz
build=8.0.0-1.0.20513097
updated=0
`,
  "8.0U3": `bootstate=0
title=Loading ESXi installer
timeout=5
prefix=
kernel=/b.b00
kernelopt=runweasel cdromBoot
modules=/jumpstrt.gz --- /k.b00 --- /imgdb.tgz --- /basemisc.tgz --- /resvibs.tgz --- /esxiodpt.tgz --- /imgpayld.tgz
build=8.0.3-0.35.24280767
updated=0
`,
  "9.0": `bootstate=0
title=Loading ESX installer
timeout=5
prefix=
kernel=/b.b00
kernelopt=runweasel cdromBoot
modules=/jumpstrt.gz --- /useropts.gz --- /features.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz
build=9.0.0-0.24755229
updated=1
`,
} as const;

for (const [release, text] of Object.entries(RELEASES)) {
  Deno.test(`boot.cfg of ${release}: exactly the two lines change`, () => {
    const before = text.split("\n");
    const after = edit(text).split("\n");
    assert.equal(after.length, before.length);
    before.forEach((line, i) => {
      const expected = line.startsWith("modules=")
        ? `${line} --- /esxiimg.tgz`
        : line.startsWith("kernelopt=")
        ? `${line} ks=${KICKSTART}`
        : line;
      assert.equal(after[i], expected);
    });
  });

  Deno.test(`boot.cfg of ${release}: read`, () => {
    const cfg = parse(text);
    assert.equal(cfg.kernel, release === "6.5" ? "/tboot.b00" : "/b.b00");
    assert.match(cfg.kernelOptions, /\brunweasel\b/);
    assert.equal(cfg.title, `Loading ESX${release === "9.0" ? "" : "i"} installer`);
    assert.equal(cfg.build === "", ["6.5", "6.7"].includes(release));
    assert.equal(cfg.prefix, "");
    assert.equal(cfg.modules.at(-1)?.path, "/imgpayld.tgz");
    assert.equal(cfg.modules[0]!.path, release === "6.5" ? "/b.b00" : "/jumpstrt.gz");
    assert.equal(cfg.modules.length, release === "8.0U3" ? 7 : 6);
  });
}

Deno.test("keys: upper and lower case are the same, unknown ones count for nothing", () => {
  const cfg = parse("Kernel=/b.b00\nKERNELOPT=runweasel\nMoDuLeS=/a.b00\nnosuchkey=/c.b00\n");
  assert.equal(cfg.kernel, "/b.b00");
  assert.equal(cfg.kernelOptions, "runweasel");
  assert.deepEqual(cfg.modules, [{ path: "/a.b00", options: "" }]);
  assert.equal(
    edit("KERNEL=/B.B00\nKernelOpt=runweasel\nMODULES=/A.B00\n"),
    `KERNEL=/B.B00\nKernelOpt=runweasel ks=${KICKSTART}\nMODULES=/A.B00 --- /esxiimg.tgz\n`,
  );
});

Deno.test("keys: the last duplicate counts, and it alone is edited", () => {
  const text =
    "kernelopt=first\nmodules=/a\nkernel=/old\nKERNELOPT=last\nkernel=/b.b00\nModules=/b\n";
  assert.equal(parse(text).kernel, "/b.b00");
  assert.equal(
    edit(text),
    `kernelopt=first\nmodules=/a\nkernel=/old\nKERNELOPT=last ks=${KICKSTART}\nkernel=/b.b00\n` +
      "Modules=/b --- /esxiimg.tgz\n",
  );
});

Deno.test("comments: a # at the start of a line, and nowhere else", () => {
  const text = "# kernelopt=no\n#modules=/no\nkernelopt=a #b\nmodules=/m\n  # modules=/no\n";
  assert.equal(parse(text).kernelOptions, "a #b");
  assert.deepEqual(parse(text).modules, [{ path: "/m", options: "" }]);
  assert.equal(
    edit(text),
    `# kernelopt=no\n#modules=/no\nkernelopt=a #b ks=${KICKSTART}\n` +
      "modules=/m --- /esxiimg.tgz\n  # modules=/no\n",
  );
});

Deno.test("lines: CRLF is kept, line by line", () => {
  const text = "title=x\r\nkernelopt=runweasel\r\nmodules=/a.b00\r\nupdated=0\n";
  assert.equal(
    edit(text),
    `title=x\r\nkernelopt=runweasel ks=${KICKSTART}\r\n` +
      "modules=/a.b00 --- /esxiimg.tgz\r\nupdated=0\n",
  );
  assert.equal(parse(text).kernelOptions, "runweasel");
});

Deno.test("lines: the last one may lack its end", () => {
  assert.equal(
    edit("modules=/a.b00\nkernelopt=runweasel"),
    `modules=/a.b00 --- /esxiimg.tgz\nkernelopt=runweasel ks=${KICKSTART}`,
  );
  assert.equal(
    edit("kernelopt=runweasel\r\nmodules=/a.b00"),
    `kernelopt=runweasel ks=${KICKSTART}\r\nmodules=/a.b00 --- /esxiimg.tgz`,
  );
});

Deno.test("lines: what is missing is added at the end", () => {
  const added = `modules=/esxiimg.tgz\nkernelopt=ks=${KICKSTART}\n`;
  assert.equal(edit("kernel=/b.b00\n"), `kernel=/b.b00\n${added}`);
  assert.equal(edit("kernel=/b.b00"), `kernel=/b.b00\n${added}`);
  assert.equal(
    edit("title=x\r\nkernel=/b.b00"),
    `title=x\r\nkernel=/b.b00\n${added}`
      .replaceAll(/\r?\n/g, "\r\n"),
  );
  assert.equal(edit(""), added);
  assert.equal(edit("modules=\nkernelopt=\n"), added);
  assert.equal(edit("# modules=/a\n"), `# modules=/a\n${added}`);
});

Deno.test("lines: bytes that are not ASCII stay what they are", () => {
  const text = "title=L\xe4dt\xa0ESXi \xc3\xa0\nkernelopt=a\xe4b\nmodules=/m\n";
  assert.equal(
    edit(text),
    `title=L\xe4dt\xa0ESXi \xc3\xa0\nkernelopt=a\xe4b ks=${KICKSTART}\n` +
      "modules=/m --- /esxiimg.tgz\n",
  );
});

Deno.test("ks=: a word of its own is replaced, wherever it stands", () => {
  for (
    const options of [
      "ks=http://old/ks.cfg runweasel cdromBoot",
      "runweasel ks=cdrom:/KS.CFG cdromBoot",
      "runweasel cdromBoot ks=",
      `ks=a runweasel ks=b cdromBoot ks=${KICKSTART}`,
    ]
  ) {
    const cfg = parse(edit(`kernelopt=${options}\nmodules=/m\n`));
    assert.equal(cfg.kernelOptions, `runweasel cdromBoot ks=${KICKSTART}`);
  }
});

Deno.test("ks=: what only ends or begins like it stays", () => {
  for (
    const word of ["kernelks=x", "foo.ks=", "foo.ks=file:///x", "xks=1", "ks", "ksdevice=vmnic0"]
  ) {
    assert.equal(isKickstart(word), false);
    const cfg = parse(edit(`kernelopt=${word} runweasel\nmodules=/m\n`));
    assert.equal(cfg.kernelOptions, `${word} runweasel ks=${KICKSTART}`);
  }
});

Deno.test("key with a space before the sign: refused, as the boot loader ignores it", () => {
  for (const line of ["modules =/a", "kernelopt = x", "KERNEL\t=/b", "  prefix =", "timeout =5"]) {
    assert.throws(() => edit(`title=x\n${line}\n`), failure("boot-cfg", /line 2.*space before/));
    assert.throws(() => parse(`title=x\n${line}\n`), failure("boot-cfg"));
  }
  assert.equal(parse("modules= /a\nkernel=\t/b\n").modules[0]!.path, "/a");
  assert.equal(parse("  modules=/a\n").modules[0]!.path, "/a");
  assert.equal(parse("unknown =/a\n").modules.length, 0);
});

/** C's isspace() in the "C" locale, but for the line's end. */
const BLANKS = [" ", "\t", "\v", "\f", "\r"];
/** What JavaScript takes for white space and C does not. */
const NO_BLANKS = ["\x85", "\x1c", "\x1f"];

Deno.test("blanks: C's white space separates and surrounds, wherever there is some", () => {
  for (const blank of BLANKS) {
    const why = JSON.stringify(blank);
    const cfg = parse(
      `${blank}kernel=${blank}/b.b00${blank}${blank}\n` +
        `kernelopt=${blank}one${blank}two${blank}\n` +
        `modules=${blank}/m.v00${blank}x=1${blank}---${blank}/n.v00${blank}\n`,
    );
    assert.equal(cfg.kernel, "/b.b00", why);
    assert.equal(cfg.kernelOptions, `one${blank}two`, why);
    assert.deepEqual(cfg.modules, [
      { path: "/m.v00", options: "x=1" },
      { path: "/n.v00", options: "" },
    ], why);
    assert.deepEqual(splitWords(`${blank}one${blank}${blank}two${blank}`), ["one", "two"], why);
    assert.throws(() => parse(`modules${blank}=/m.v00\n`), failure("boot-cfg", /before "="/), why);
    // A list that ends with a separator and blanks is not given an empty module.
    assert.match(edit(`modules=/m.v00 ---${blank}\n`), /^modules=\/m\.v00 --- \/esxiimg\.tgz/, why);
    assert.match(edit(`modules=${blank}\n`), /^modules=\/esxiimg\.tgz/, why);
  }
});

Deno.test("blanks: other bytes are parts of words", () => {
  for (const byte of NO_BLANKS) {
    const why = JSON.stringify(byte);
    const cfg = parse(`kernel=/b.b00${byte}\nmodules=/m.v00${byte}x\nkernelopt=one${byte}two\n`);
    assert.equal(cfg.kernel, `/b.b00${byte}`, why);
    assert.deepEqual(cfg.modules, [{ path: `/m.v00${byte}x`, options: "" }], why);
    assert.deepEqual(splitWords(cfg.kernelOptions), [`one${byte}two`], why);
  }
});

Deno.test("abbreviated key: refused, as the boot loader takes it for the whole one", () => {
  for (
    const [line, key] of [["mod=/a", "modules"], ["k=/b", "kernel"], ["kernelo=x", "kernelopt"]]
  ) {
    assert.throws(() => edit(`${line}\n`), failure("boot-cfg", new RegExp(`for ${key}=`)));
  }
});

Deno.test("line that begins with the sign: it names the kernel", () => {
  assert.equal(parse("=/b.b00\n").kernel, "/b.b00");
  assert.equal(parse("kernel=/a\n=/b.b00\n").kernel, "/b.b00");
  assert.match(edit("=/b.b00\nmodules=/a\nkernelopt=x\n"), /^=\/b\.b00\nmodules=/);
});

Deno.test("byte order mark and NUL: refused", () => {
  for (const text of ["\xef\xbb\xbfbootstate=0\nmodules=/a\n", "\xef\xbb\xbf"]) {
    assert.throws(() => edit(text), failure("boot-cfg", /byte order mark/));
  }
  assert.throws(() => edit("m\0o\0d\0u\0l\0e\0s\0=\0"), failure("boot-cfg", /NUL/));
});

Deno.test("modules: separators with and without spaces, options after the first space", () => {
  const { modules } = parse("modules=/a.b00---/b.b00 --- /c.tgz  opt=1  two ---\t/d.v00\t---\n");
  assert.deepEqual(modules, [
    { path: "/a.b00", options: "" },
    { path: "/b.b00", options: "" },
    { path: "/c.tgz", options: "opt=1  two" },
    { path: "/d.v00", options: "" },
  ]);
  // One dash too many belongs to the next name.
  assert.deepEqual(parse("modules=/a ---- /b\n").modules, [
    { path: "/a", options: "" },
    { path: "-", options: "/b" },
  ]);
});

Deno.test("modules: one that is there already is not added, whatever its case", () => {
  const text = `kernelopt=ks=${KICKSTART}\nmodules=/a --- /ESXIIMG.TGZ --- /b\n`;
  assert.equal(edit(text), text);
});

Deno.test("modules: more can be added, in order", () => {
  assert.match(
    edit("modules=/a\n", { modules: ["/esxiimg.tgz", "/driver.v00"] }),
    /^modules=\/a --- \/esxiimg\.tgz --- \/driver\.v00\n/,
  );
});

Deno.test("modules: names that would not survive are refused", () => {
  for (const module of ["esxiimg.tgz", "/my driver.v00", "/a\nb", "/ä.v00", "/a---b", "/"]) {
    assert.throws(() => edit("", { modules: [module] }), failure("usage", /cannot name/));
  }
});

Deno.test("kernel options: added before ks=, once", () => {
  const kernelOptions = ["allowLegacyCPU=true", "com1_Port=0x3f8  tty2Port=com1"];
  const once = edit("kernelopt=runweasel\nmodules=/m\n", { kernelOptions });
  assert.equal(
    parse(once).kernelOptions,
    `runweasel allowLegacyCPU=true com1_Port=0x3f8 tty2Port=com1 ks=${KICKSTART}`,
  );
  assert.equal(edit(once, { kernelOptions }), once);
});

Deno.test("kernel options: what is no option on one line is refused", () => {
  for (const option of ["", " ", "a\nmodules=/x", "a\r", "ä", "\0"]) {
    assert.throws(() => edit("", { kernelOptions: [option] }), failure("usage", /ASCII/));
  }
  for (const option of ["ks=http://x/ks.cfg", "a ks="]) {
    assert.throws(() => edit("", { kernelOptions: [option] }), failure("usage", /its own ks=/));
  }
  assert.match(edit("", { kernelOptions: ["foo.ks=1"] }), /kernelopt=foo\.ks=1 ks=/);
});

Deno.test("limits: kernel and options have at most 4,095 characters", () => {
  const withLength = (characters: number) => {
    const kernel = "/b.b00";
    const rest = characters - `${kernel}  ks=${KICKSTART}`.length;
    return `kernel=${kernel}\nkernelopt=${"x".repeat(rest)}\nmodules=/m\n`;
  };
  const longest = parse(edit(withLength(4095)));
  assert.equal(`${longest.kernel} ${longest.kernelOptions}`.length, 4095);
  assert.throws(() => edit(withLength(4096)), failure("boot-cfg", /4096 characters/));
});

Deno.test("limits: a module's path and options have at most 255 characters", () => {
  const path = `/${"m".repeat(200)}`;
  const longest = `${path} ${"o".repeat(255 - path.length - 1)}`;
  assert.match(edit(`modules=${longest}\n`), new RegExp(`${longest} --- /esxiimg.tgz`));
  assert.throws(() => edit(`modules=${longest}o\n`), failure("boot-cfg", /256 characters/));
  assert.match(edit(`modules=/${"m".repeat(254)}\n`), /--- \/esxiimg\.tgz/);
  assert.throws(() => edit(`modules=/${"m".repeat(255)}\n`), failure("boot-cfg", /256 characters/));
});

Deno.test("limits: at most 240 modules", () => {
  const modules = (count: number) =>
    `modules=${Array.from({ length: count }, (_, i) => `/m${i}`).join(" --- ")}\n`;
  assert.equal(parse(edit(modules(239))).modules.length, 240);
  assert.throws(() => edit(modules(240)), failure("boot-cfg", /241 modules/));
});

Deno.test("paths: from the volume, from prefix, from the folder of boot.cfg", () => {
  const cfg = parse("kernel=b.b00\n");
  assert.equal(resolveBootPath("/b.b00", cfg, "EFI/BOOT"), "b.b00");
  assert.equal(resolveBootPath("b.b00", cfg, "EFI/BOOT"), "EFI/BOOT/b.b00");
  assert.equal(resolveBootPath("b.b00", cfg, ""), "b.b00");
  assert.equal(resolveBootPath("//x//b.b00", cfg, "EFI"), "x/b.b00");
  assert.equal(resolveBootPath("\\x\\b.b00", cfg, "EFI"), "x/b.b00");
  const prefixed = parse("prefix=/esxi/8.0/\n");
  assert.equal(resolveBootPath("b.b00", prefixed, "EFI/BOOT"), "esxi/8.0/b.b00");
  assert.equal(resolveBootPath("/b.b00", prefixed, "EFI/BOOT"), "b.b00");
});

Deno.test("long lines of blanks are read, not searched again and again", () => {
  const blanks = " ".repeat(64 * 1024);
  assert.equal(parse(`${blanks}x\nkernel=/b${blanks}\nmodules=/a${blanks}/c`).kernel, "/b");
});

/** A vector of testdata/boot_cfg_vectors.json, which the guest's editor in Python is held to as well. */
interface Vector {
  readonly name: string;
  readonly input: VectorText;
  readonly modules: readonly string[];
  readonly kernelOptions: readonly string[];
  readonly output?: VectorText;
  /** A part of the message. */
  readonly refusal?: string;
}

/** A text, or its parts: each a text, or one to repeat. */
type VectorText = string | readonly (string | readonly [string, number])[];

function textOf(value: VectorText): string {
  if (typeof value === "string") return value;
  return value.map((part) => typeof part === "string" ? part : part[0].repeat(part[1])).join("");
}

const { vectors }: { vectors: Vector[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../testdata/boot_cfg_vectors.json", import.meta.url)),
);

Deno.test("vectors that both editors are held to", () => {
  assert.ok(vectors.length > 80);
  for (const { name, input, output, refusal, modules, kernelOptions } of vectors) {
    // The build adds modules of the volume's root alone; a boot bank's names have no slash.
    if (modules.some((module) => !module.startsWith("/"))) continue;
    const edits = { modules, kernelOptions };
    if (output === undefined) {
      assert.throws(
        () => editBootCfg(textOf(input), edits, PATH),
        (error) => error instanceof Failure && error.message.includes(refusal ?? "no refusal"),
        name,
      );
    } else {
      const edited = editBootCfg(textOf(input), edits, PATH);
      assert.equal(edited, textOf(output), name);
      assert.equal(editBootCfg(edited, edits, PATH), edited, name);
    }
  }
});

const word = fc.constantFrom(
  ...["runweasel", "cdromBoot", "ks=x", "ks=", "kernelks=x", "a.ks=1", "allowLegacyCPU=true"],
  ...["\xa0", "#", "=", '"a b"', "netdevice=vmnic0"],
);
const blank = fc.constantFrom(" ", "  ", "\t", "");
const module = fc.constantFrom("/a.b00", "b.v00 opt", "/esxiimg.tgz", "/EsxiImg.tgz", "-", "");
const line = fc.oneof(
  fc.tuple(fc.constantFrom("kernelopt=", "KernelOpt= ", " kernelopt="), fc.array(word), blank)
    .map(([key, words, end]) => key + words.join(" ") + end),
  fc.tuple(fc.constantFrom("modules=", "MODULES=\t"), fc.array(module), blank, blank)
    .map(([key, modules, a, b]) => key + modules.join(`${a}---${b}`)),
  fc.constantFrom("", "#", "# x=y", "=", "=/b.b00", "kernel=/b.b00", "title=x  y", "x = y", "junk"),
  fc.constantFrom("modules =/a", "mod=/a", "prefix=/p", "build=", "\xef\xbb\xbf", "\0"),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replace(/[^\0-\xff]/g, "")),
);
const text = fc.tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, newline, ends]) => lines.join(newline) + (ends ? newline : ""));
const edits = fc.record({
  modules: fc.subarray(["/esxiimg.tgz", "/x.v00", "/A.B00"]),
  kickstart: fc.constant(KICKSTART),
  kernelOptions: fc.array(fc.constantFrom("runweasel", "a=1", "b c", "b  c ", "c")),
});

Deno.test("property: editing twice is editing once, and touches two lines", () => {
  let edited = 0;
  fc.assert(
    fc.property(text, edits, (text, edits) => {
      let once: string;
      try {
        once = editBootCfg(text, edits, PATH);
      } catch (error) {
        assert.ok(error instanceof Failure);
        return;
      }
      edited++;
      assert.equal(editBootCfg(once, edits, PATH), once);

      const before = parse(text);
      const after = parse(once);
      const rest = (
        { title, build, kernel, prefix }: typeof before,
      ) => [title, build, kernel, prefix];
      assert.deepEqual(rest(after), rest(before));
      assert.deepEqual(after.modules.slice(0, before.modules.length), before.modules);
      for (const module of edits.modules) {
        const wanted = module.toLowerCase();
        assert.equal(
          after.modules.filter(({ path }) => path.toLowerCase() === wanted).length > 0,
          true,
        );
      }
      const words = after.kernelOptions.split(" ");
      assert.deepEqual(words.filter((one) => one.startsWith("ks=")), [`ks=${KICKSTART}`]);
      assert.equal(words.at(-1), `ks=${KICKSTART}`);

      // Nothing but the last line of each key has changed.
      const oldLines = text.split("\n");
      const newLines = once.split("\n");
      const changed = oldLines.slice(0, -1).filter((line, i) => line !== newLines[i]);
      assert.ok(changed.length <= 2);
      for (const line of changed) assert.match(line, /^[ \t]*(modules|kernelopt)=/i);
    }),
    { numRuns: 2000 },
  );
  assert.ok(edited > 300, `only ${edited} texts could be edited`);
});
