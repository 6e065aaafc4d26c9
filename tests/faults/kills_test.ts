import assert from "node:assert/strict";
import { killBuilds } from "../support/kills.ts";

const ROUNDS = 40;

Deno.test("whenever a build is killed, there is a whole file under its name, or none", async () => {
  const counts = await killBuilds(ROUNDS, 20261125);
  const { rounds, finished, named, old, none } = counts;
  assert.equal(rounds, ROUNDS);
  assert.equal(finished + named + old + none, ROUNDS);
  assert.ok(old + none > 0, JSON.stringify(counts));
});
