"""The real Horizon for the lab: `Horizon` (horizon.py) starts one for a Keystone's people.

Only the process of server.py imports Horizon itself.
"""
from .horizon import Horizon

__all__ = ["Horizon"]
