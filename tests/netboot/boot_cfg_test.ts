import assert from "node:assert/strict";
import { networkBootCfg } from "../../lib/netboot/boot_cfg.ts";
import { failure } from "../support/failures.ts";
import { bootCfgText } from "../support/installer_iso.ts";

const TEXT = bootCfgText(["JUMPSTRT.GZ", "K.B00"]);
const edit = (text: string, prefix?: string, isBesideFiles = true) =>
  networkBootCfg(text, "/boot.cfg", prefix, isBesideFiles);

Deno.test("network boot.cfg: no leading slashes, no cdromBoot, the rest stays", () => {
  assert.equal(
    edit(TEXT),
    TEXT.replace("kernel=/", "kernel=").replace(" cdromBoot", "")
      .replace("/jumpstrt.gz --- /k.b00", "jumpstrt.gz --- k.b00"),
  );
  assert.match(
    edit("kernel=//b.b00\nkernelopt=CDROMBOOT runweasel\nmodules=\\x\n"),
    /^kernel=b\.b00$/m,
  );
  assert.match(
    edit("kernel=/b\nkernelopt=CDROMBOOT runweasel\nmodules=/x\n"),
    /^kernelopt=runweasel$/m,
  );
  assert.equal(edit(edit(TEXT)), edit(TEXT), "once is enough");
});

Deno.test("network boot.cfg: every path is below the prefix", () => {
  const cfg = edit(`${TEXT}crypto=/crypto64.efi\nacpitables=/a --- /b\n`, "http://192.0.2.1/esxi");
  assert.match(cfg, /^prefix=http:\/\/192\.0\.2\.1\/esxi$/m);
  assert.match(cfg, /^crypto=crypto64\.efi$/m);
  assert.match(cfg, /^acpitables=a --- b$/m);
  assert.doesNotMatch(cfg, /^(kernel|modules)=.*(?:=|--- )\//m);
});

Deno.test("network boot.cfg: elsewhere than beside the files paths stay absolute, or get the prefix", () => {
  assert.equal(edit(TEXT, undefined, false), TEXT.replace(" cdromBoot", ""));
  assert.equal(edit(TEXT, "esxi", false), edit(TEXT, "esxi", true));
});

Deno.test("network boot.cfg: a module's path counts with its prefix", () => {
  const longest = "p".repeat(255 - "/jumpstrt.gz".length);
  assert.match(edit(TEXT, longest), /^prefix=ppp/m);
  assert.throws(() => edit(TEXT, `${longest}p`), failure("boot-cfg", /256 characters of path/));
});
