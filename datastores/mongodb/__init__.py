"""Driver of MongoDB sharded clusters."""
from .driver import MongoDriver

__all__ = ["MongoDriver"]
