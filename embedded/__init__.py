"""Real Mistral in one process on one SQLite file: the pack without a Mistral service.

``EmbeddedEngine(directory)`` starts it from Python, ``python -m trove_upgrade.embedded --dir DIR``
from a shell. Only the engine's own process imports Mistral.
"""
from .engine import EmbeddedEngine, EngineError, check_installed, running
from .files import DATABASE

__all__ = ["DATABASE", "EmbeddedEngine", "EngineError", "check_installed", "running"]
