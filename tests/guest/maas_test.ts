// The Python unit tests of MAAS deployments.
import { pythonTests } from "./python_tests.ts";

pythonTests({
  name: "MAAS",
  folder: `${import.meta.dirname}/maas`,
  judges: ["busybox", "gzip", "mcopy", "fsck.fat", "openssl", "sgdisk", "tar", "xorriso"],
});
