/**
 * Prints docs/checks.md, made from the code: `deno task checks > docs/checks.md`.
 *
 * @module
 */

import { documentChecks } from "../../lib/checks/document.ts";

if (import.meta.main) console.log(documentChecks().trimEnd());
