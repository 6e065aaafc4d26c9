import assert from "node:assert/strict";
import { applyChange, changesOf, describeChange } from "./changes.ts";

/** What a text can become, one change at a time. */
function variantsOf(text: string): string[] {
  return changesOf(text).map((change) => applyChange(text, change));
}

Deno.test("changes: numbers, comparisons, arithmetic, byte order and rounding", () => {
  assert.deepEqual(variantsOf("a < 5;"), ["a <= 5;", "a < 6;", "a < 4;"]);
  assert.deepEqual(variantsOf("x = 0x10;"), ["x = 0x11;", "x = 0xf;"]);
  assert.deepEqual(variantsOf("view.getUint16(at, true);"), ["view.getUint16(at, false);"]);
  assert.deepEqual(variantsOf("Math.floor(a / b)"), ["Math.ceil(a / b)", "Math.floor(a * b)"]);
  assert.deepEqual(variantsOf("a && b !== c"), ["a || b !== c", "a && b === c"]);
  assert.deepEqual(variantsOf("at: 0,"), ["at: 1,"]);
});

Deno.test("changes: none in comments, texts, types, imports and regular expressions", () => {
  for (
    const text of [
      "/** 5 < 6 */",
      "a; // 1 + 1",
      'x = "1 < 2";',
      "x = `1 + ${a} - 2`;",
      "const x = /[0-9] + 1/;",
      "f(/^\\d{5}/, x);",
      'import { a } from "./b2.ts";',
      "let map: Map<string, Uint8Array>;",
      "x2 = y.z32;",
      'let a: Omit<B, "c"> = d;',
    ]
  ) assert.deepEqual(variantsOf(text), [], text);
});

Deno.test("changes: they say where they are", () => {
  const text = "const a = 1;\n  if (a >= b) c();\n";
  const change = changesOf(text).find(({ before }) => before === ">=")!;
  assert.equal(describeChange(text, change), "2:9: > instead of >= in: if (a >= b) c();");
});
