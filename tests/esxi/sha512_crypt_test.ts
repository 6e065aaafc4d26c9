import assert from "node:assert/strict";
import { sha512Crypt } from "../../lib/esxi/sha512_crypt.ts";
import { mustRun, testWith } from "../support/programs.ts";

Deno.test("SHA-512 crypt: the vector of its specification", () => {
  assert.equal(
    sha512Crypt("Hello world!", "saltstring"),
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
  );
});

const SALT = "bwKp/dEeakzVo.kG";

// Digests have 64 bytes: what is computed changes at multiples of it.
const LENGTHS = [1, 2, 15, 16, 31, 32, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256];

testWith(["openssl"], "SHA-512 crypt: openssl computes the same, whatever the length", async () => {
  const passwords = LENGTHS.map((length) => "ESXi 8.0!".repeat(40).slice(0, length));
  // One password a line; longer ones than 256 bytes openssl cuts off.
  const args = ["passwd", "-6", "-salt", SALT, "-stdin"];
  const { stdout } = await mustRun("openssl", args, { stdin: passwords.join("\n") + "\n" });
  const expected = stdout.trimEnd().split("\n");
  assert.equal(expected.length, passwords.length);
  passwords.forEach((password, i) => {
    assert.equal(sha512Crypt(password, SALT), expected[i], `${password.length} characters`);
  });
});

testWith(["openssl"], "SHA-512 crypt: salts of any length, passwords of any script", async () => {
  for (
    const [password, salt] of [
      ["VMware1!", "a"],
      [" blanks at both ends ", "12345678"],
      ["quotes ' \" and $6$ signs \\ %", SALT],
      ["Grüße, 東京 🔑", "0123456789abcde"],
    ] as const
  ) {
    const { stdout } = await mustRun("openssl", ["passwd", "-6", "-salt", salt, password]);
    assert.equal(sha512Crypt(password, salt), stdout.trimEnd());
  }
});
