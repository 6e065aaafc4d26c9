/**
 * What `schema/` says of results, judged by Ajv.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ROOT } from "./executable.ts";
import { JUDGES_FOLDER } from "./npm_packages.ts";

/** The files that a judge by schemas needs, for `testWith`. */
export const AJV_FILES = [`${JUDGES_FOLDER}/node_modules/ajv/package.json`];

type Json = Record<string, unknown>;

/** The names of all schemas, without `.json`. */
export function schemaNames(): string[] {
  return [...Deno.readDirSync(`${ROOT}schema`)].map(({ name }) => name.replace(/\.json$/, ""))
    .toSorted();
}

/** A schema as it is in its file. */
export function readSchema(name: string): Json {
  return JSON.parse(Deno.readTextFileSync(`${ROOT}schema/${name}.json`));
}

/** The same schema without room for fields that it does not describe. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== "object" || schema === null) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([key, of]) => [key, close(of)]));
  return "properties" in closed && !("additionalProperties" in closed)
    ? { ...closed, additionalProperties: false }
    : closed;
}

/** Checks that a result is as its schema says, and has no field that the schema does not name. */
export function assertValid(name: string, result: unknown): void {
  const Ajv = createRequire(`${JUDGES_FOLDER}/index.js`)("ajv/dist/2020.js").default;
  const ajv = new Ajv({
    strict: true,
    strictRequired: true,
    allErrors: true,
    allowUnionTypes: true,
  });
  for (const schema of schemaNames()) ajv.addSchema(close(readSchema(schema)));
  const validate = ajv.getSchema(`urn:esxi-img:1:${name}.json`);
  assert.ok(validate(result), `${name}: ${ajv.errorsText(validate.errors)}`);
}
