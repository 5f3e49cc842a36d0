"""The command line `trove-upgrade`."""
