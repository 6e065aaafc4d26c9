"""What plans are made of: the host as it is, its disks, the commands of a plan."""
