"""How people start an upgrade and watch it: Python (`upgrades`), command line (`cli`)."""
