"""Who may upgrade a cluster: one run at a time."""
