"""NICs, standard switches, port groups, vmkernel interfaces, routes, DNS and firewall."""
