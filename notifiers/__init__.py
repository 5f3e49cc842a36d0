"""Mistral's publishers: the lock given back after a cancel, and notifications."""
