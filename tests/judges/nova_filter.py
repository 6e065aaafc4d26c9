"""Whether Nova's ImagePropertiesFilter lets an image onto an Ironic node: `nova_filter.py NAME=VALUE …`."""
import sys

from nova import objects
from nova.objects import fields
from nova.scheduler.filters import image_props_filter

objects.register_all()


class Node:
    """What an Ironic node offers (nova/virt/ironic/driver.py)."""

    supported_instances = [("x86_64", fields.HVType.BAREMETAL, fields.VMMode.HVM)]
    hypervisor_version = 1


properties = objects.ImageMetaProps.from_dict(dict(word.split("=", 1) for word in sys.argv[1:]))
request = objects.RequestSpec(image=objects.ImageMeta(properties=properties))
print("passes" if image_props_filter.ImagePropertiesFilter().host_passes(Node(), request) else "no valid host")
