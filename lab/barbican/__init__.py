"""The real Barbican for the lab: `Barbican` (barbican.py) starts one behind the lab's Keystone.

Only the process of server.py imports Barbican itself.
"""
from .barbican import Barbican

__all__ = ["Barbican"]
