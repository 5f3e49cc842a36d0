"""MariaDB Galera Cluster: real servers of Debian's two current versions, see ../mariadb.py."""
from .kind import GaleraKind

__all__ = ["GaleraKind"]
