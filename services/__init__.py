"""Keystone, Trove and Mistral: sessions, trusts, clients, and a run's rights."""
