import assert from "node:assert/strict";
import { hashPassword } from "../../lib/esxi/password.ts";
import { mustRun, testWith } from "../support/programs.ts";

const IDENTITY = new Uint8Array(32).fill(7);

testWith(["openssl"], "password: openssl computes the same hash", async () => {
  for (const password of ["VMware1!", " blanks ", "Grüße 🔑", "x".repeat(64)]) {
    const hash = hashPassword(password, IDENTITY);
    const salt = hash.split("$")[2];
    const { stdout } = await mustRun("openssl", ["passwd", "-6", "-salt", salt!, password]);
    assert.equal(hash, stdout.trimEnd(), password);
  }
});

Deno.test("password: SHA-512 crypt with a salt of 16 characters", () => {
  assert.match(hashPassword("x", IDENTITY), /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/);
});

Deno.test("password: the same for the same image, another salt for another one", () => {
  assert.equal(hashPassword("x", IDENTITY), hashPassword("x", IDENTITY));
  const salts = new Set<string>();
  for (let i = 0; i < 20; i++) salts.add(hashPassword("x", Uint8Array.of(i)).split("$")[2]!);
  assert.equal(salts.size, 20);
});

Deno.test("password: what is a hash already stays as it is", () => {
  for (
    const hash of [
      "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
      "$6$rounds=5000$saltsalt$" + "a".repeat(86),
      "$5$salt$" + "b".repeat(43),
      "$1$salt$" + "c".repeat(22),
    ]
  ) {
    assert.equal(hashPassword(hash, IDENTITY), hash);
  }
});

Deno.test("password: what only resembles a hash is a password", () => {
  for (
    const password of [
      "$6$",
      "$6$salt$short",
      "$7$salt$" + "a".repeat(86),
      "$6$a b$" + "a".repeat(86),
    ]
  ) {
    const hash = hashPassword(password, IDENTITY);
    assert.notEqual(hash, password);
    assert.match(hash, /^\$6\$/);
  }
});
