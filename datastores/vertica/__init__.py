"""Driver of Vertica clusters, which are upgraded as a whole."""
from .driver import VerticaDriver

__all__ = ["VerticaDriver"]
