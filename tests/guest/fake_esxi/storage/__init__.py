"""Disks, partition tables, volumes and NVMe controllers of the host."""
