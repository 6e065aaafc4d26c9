import assert from "node:assert/strict";
import { FORMATS } from "../../lib/formats/formats.ts";
import { allPrograms, formatsOfOurs } from "./programs.ts";
import { includes, WORKLOADS } from "./workloads.ts";

Deno.test("bench: the formats are those that the help names", async () => {
  const formats = await formatsOfOurs();
  const names = FORMATS.map(({ name }) => name);
  assert.deepEqual(formats.toSorted(), [...names, "qcow2-compressed"].toSorted());
  const ours = allPrograms(formats).filter(({ isOurs }) => isOurs);
  for (const { name } of ours) assert.ok(WORKLOADS.some((work) => includes(work, name)), name);
});
