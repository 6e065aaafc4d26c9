// The Python unit tests of the fake ESXi host.
import { pythonTests } from "./python_tests.ts";

pythonTests({
  name: "fake ESXi host",
  folder: `${import.meta.dirname}/fake_esxi/tests`,
  cwd: import.meta.dirname!,
  prefix: "fake_esxi.tests.",
  judges: ["busybox", "sgdisk"],
});
