"""The host this runs on: its commands, listings, devices, boot banks, files, and the services it talks to."""
