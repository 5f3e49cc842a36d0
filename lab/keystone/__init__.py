"""The real Keystone for the lab: `Keystone` (keystone.py) starts one and knows its people.

Only the process of server.py imports Keystone itself.
"""
from .keystone import Keystone

__all__ = ["Keystone"]
