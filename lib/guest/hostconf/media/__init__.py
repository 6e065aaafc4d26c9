"""File systems of config drives, read from the bytes of a device: no mount, no module, no command. Pure."""
