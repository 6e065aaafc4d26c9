// The Python unit tests of rehearsals.
import { pythonTests } from "./python_tests.ts";

pythonTests({
  name: "rehearsal",
  folder: `${import.meta.dirname}/rehearsal/tests`,
  cwd: `${import.meta.dirname}`,
  prefix: "rehearsal.tests.",
  judges: ["busybox", "bwrap", "openssl", "xorriso"],
});
