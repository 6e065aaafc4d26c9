/**
 * A registry of npm packages on loopback: `node npm_registry.mjs PORT PACKAGE.tgz…`. It prints a
 * line when it listens.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";

const [port, ...archives] = process.argv.slice(2);
const origin = `http://127.0.0.1:${port}`;

/** By path: what is answered. */
const answers = new Map();
for (const archive of archives) {
  const bytes = readFileSync(archive);
  const manifest = JSON.parse(
    execFileSync("tar", ["xzOf", archive, "package/package.json"], { encoding: "utf8" }),
  );
  const { name, version } = manifest;
  const path = `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const shasum = createHash("sha1").update(bytes).digest("hex");
  const dist = { tarball: origin + path, integrity, shasum };
  answers.set(path, bytes);
  const versions = { [version]: { ...manifest, dist } };
  const document = { name, "dist-tags": { latest: version }, versions };
  answers.set(`/${name}`, Buffer.from(JSON.stringify(document)));
}

createServer((request, response) => {
  const answer = answers.get(decodeURIComponent(request.url));
  response.writeHead(answer === undefined ? 404 : 200);
  response.end(answer ?? "{}");
}).listen(Number(port), "127.0.0.1", () => console.log(`listening at ${origin}`));
