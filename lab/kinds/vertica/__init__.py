"""Vertica: no server can be had here, so its nodes are doubles that speak its protocol."""
from .kind import VerticaKind

__all__ = ["VerticaKind"]
