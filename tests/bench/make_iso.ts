/**
 * Makes an ISO for the bench: `make_iso.ts PATH OPTIONS`, with InstallerOptions as JSON. It is a
 * program of its own, so that it can be stopped at any time and its memory is free afterwards.
 *
 * @module
 */

import { writeInstallerIso } from "../support/installer_iso.ts";

const [path, options] = Deno.args;
writeInstallerIso(path!, JSON.parse(options!));
