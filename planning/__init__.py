"""The decisions of an upgrade: pure functions of facts, no I/O, no Mistral."""
