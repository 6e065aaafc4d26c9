"""What the hook in the deploying system and the code on the host both run: standard library only."""
