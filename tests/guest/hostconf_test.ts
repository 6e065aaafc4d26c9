// The Python tests of the guest code. Besides the programs named here, PyYAML judges where it is
// installed.
import { pythonTests } from "./python_tests.ts";

pythonTests({
  name: "guest code",
  folder: `${import.meta.dirname}/hostconf`,
  judges: ["busybox", "shellcheck", "openssl", "xorriso", "sgdisk"],
});
