"""Names, versions, settings, accounts, services, time and logs of the host."""
