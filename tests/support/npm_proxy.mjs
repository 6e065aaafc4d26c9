/**
 * A proxy as companies have it, on loopback: it ends TLS itself, with a certificate of its own, and
 * answers as the registry of npm: `node npm_proxy.mjs PORT HOST CERTIFICATE KEY PACKAGE.tgz…`. It
 * prints a line when it listens.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import process from "node:process";

const [port, host, certificate, key, ...archives] = process.argv.slice(2);

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
  const dist = { tarball: `https://${host}${path}`, integrity, shasum };
  answers.set(path, bytes);
  const versions = { [version]: { ...manifest, dist } };
  const document = { name, "dist-tags": { latest: version }, versions };
  answers.set(`/${name}`, Buffer.from(JSON.stringify(document)));
}

const secure = { cert: readFileSync(certificate), key: readFileSync(key) };
const registry = createTlsServer(secure, (request, response) => {
  const answer = answers.get(decodeURIComponent(request.url));
  response.writeHead(answer === undefined ? 404 : 200);
  response.end(answer ?? "{}");
});
const proxy = createServer((_request, response) => response.writeHead(403).end());
proxy.on("connect", ({ url }, socket) => {
  socket.on("error", () => {}); // a client that goes away
  if (url !== `${host}:443`) {
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    return;
  }
  socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
  registry.emit("connection", socket);
});
proxy.listen(Number(port), "127.0.0.1", () => console.log("the proxy listens"));
