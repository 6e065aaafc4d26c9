"""Datastores: look at the host's disks and volumes, plan, carry the plan out, look again."""

from hostconf.host import disks as devices, listing
from hostconf.model.disk import DiskError
from hostconf.planning import storeplan
from hostconf.planning.storeplace import StorageError

__all__ = ["StorageError", "apply", "read"]


def apply(storage, applier, log):
    """Make the datastores, then look whether they are there.

    @param storage: the storage part of a host description
    @param applier: runs commands (run.Applier)
    @raise StorageError: when the layout does not fit this host (nothing was changed), or a step failed
    """
    present = read(applier.run)
    plan = storeplan.commands(storage, present, log.warn, applier.host.hostd)
    for command in plan:
        reason = applier.execute(command)
        if reason is not None and not command.optional:
            raise StorageError("%s: %s" % (command.masked(), reason))
    if plan:
        _check(storage, read(applier.run))


def read(run):
    """What storeplan calls "present": the disks and the VMFS volumes of this host.

    @param run: function(argv) → (exit status, output)
    @raise StorageError: when either cannot be listed
    """
    try:
        disks = devices.read(run)
    except DiskError as error:
        raise StorageError(str(error))
    status, output = run(["esxcli", "storage", "vmfs", "extent", "list"])
    if status != 0:
        # Without this list a partition with a datastore would look like an unused one.
        raise StorageError("the datastores cannot be listed: %s" % " ".join(output.split()))
    volumes = []
    for row in sorted(listing.table(output), key=lambda row: (row["VMFS UUID"], int(row["Extent Number"]))):
        if not volumes or volumes[-1]["uuid"] != row["VMFS UUID"]:
            volumes.append({"name": row["Volume Name"], "uuid": row["VMFS UUID"], "extents": []})
        volumes[-1]["extents"].append((row["Device Name"], int(row["Partition"])))
    return {"disks": disks, "volumes": volumes}


def _check(storage, present):
    for datastore in storage["datastores"]:
        found = [volume for volume in present["volumes"] if volume["name"] == datastore["name"]]
        if len(found) != 1 or len(found[0]["extents"]) != len(datastore["extents"]):
            raise StorageError("the datastore %s is not as wanted after all steps" % datastore["name"])
