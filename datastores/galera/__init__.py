"""Driver of Galera clusters: MariaDB Galera Cluster and Percona XtraDB Cluster."""
from .driver import GaleraDriver

__all__ = ["GaleraDriver"]
