# As in packer-maas: make ISO=/path/to/installer.iso, or make vmware-esxi.dd.gz with
# VMWARE_ESXI_ISO_PATH set. Options go into OPTIONS: make ISO=esxi.iso OPTIONS='--root-password-file pw'

ISO ?= $(VMWARE_ESXI_ISO_PATH)
IMAGE ?= vmware-esxi.dd.gz
# The executable if it was compiled or is installed, else the sources by Deno, else by npm's Deno.
DENO ?= $(or $(shell command -v deno),npx --yes deno@2.9.6)
ESXI_IMG ?= $(or $(wildcard dist/esxi-img),$(shell command -v esxi-img),$(DENO) run -A main.ts)

.PHONY: all clean vmware-esxi.dd.gz
all vmware-esxi.dd.gz:
	@test -n "$(ISO)" || { echo "usage: make ISO=/path/to/installer.iso" >&2; exit 2; }
	$(ESXI_IMG) build "$(ISO)" --output "$(IMAGE)" --force $(OPTIONS)

clean:
	rm -f "$(IMAGE)"
