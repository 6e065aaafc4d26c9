import fc from "fast-check";
import assert from "node:assert/strict";
import { formatSize, parseSize } from "../../lib/cli/sizes.ts";

Deno.test("sizes: letters count in powers of 1024, with B in powers of 1000", () => {
  for (
    const [text, bytes] of [
      ["0", 0],
      ["1", 1],
      ["1B", 1],
      ["1048576", 1_048_576],
      ["64M", 64 * 2 ** 20],
      ["64m", 64 * 2 ** 20],
      ["64MiB", 64 * 2 ** 20],
      ["64 MiB", 64 * 2 ** 20],
      ["64MB", 64_000_000],
      ["64mb", 64_000_000],
      ["1.5GiB", 1.5 * 2 ** 30],
      ["2GB", 2_000_000_000],
      ["2K", 2048],
      ["2kB", 2000],
      ["3T", 3 * 2 ** 40],
      ["3TB", 3e12],
      [" 1G ", 2 ** 30],
      ["0.1K", 103],
    ] as const
  ) assert.equal(parseSize(text), bytes, text);
});

Deno.test("sizes: anything else is an error that shows how to write them", () => {
  for (
    const text of [
      ...["", " ", "M", "-1", "+1", "1e6", "0x10", "1,5G", ".5G", "1.G", "1P", "1iB", "1 000"],
      ...["1MBB", "1Mi", "64M 1", "NaN", "Infinity", "9".repeat(30), "9999999T"],
    ]
  ) {
    assert.throws(() => parseSize(text), (error) => {
      assert.ok(error instanceof SyntaxError, text);
      assert.match(error.message, /write for example 64M or 2G/);
      return true;
    });
  }
});

Deno.test("sizes: written with three digits", () => {
  for (
    const [bytes, text] of [
      [0, "0 bytes"],
      [1, "1 bytes"],
      [999, "999 bytes"],
      [1000, "1.00 kB"],
      [1234, "1.23 kB"],
      [12_345, "12.3 kB"],
      [123_456, "123 kB"],
      [999_499, "999 kB"],
      [999_500, "1.00 MB"],
      [629_145_600, "629 MB"],
      [2 ** 33, "8.59 GB"],
      [5e15, "5000 TB"],
    ] as const
  ) assert.equal(formatSize(bytes), text);
});

Deno.test("sizes: what is written reads back as nearly the same", () => {
  fc.assert(fc.property(fc.nat(2 ** 50), (bytes) => {
    const text = formatSize(bytes);
    assert.match(text, /^(\d{1,4}|\d\.\d\d|\d\d\.\d) (bytes|kB|MB|GB|TB)$/);
    const again = parseSize(text.replace("bytes", "B"));
    assert.ok(Math.abs(again - bytes) <= bytes * 0.006, `${bytes} became ${text}`);
  }));
});
