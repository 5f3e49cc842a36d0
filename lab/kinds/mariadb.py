"""The MariaDB servers of the lab, from Debian's archive.

Debian's stable and its security archive offer different versions most of the time.
"""
from .archive import Archive, environment

__all__ = ["ARCHIVE", "environment", "servers"]

ARCHIVE = Archive(
    "mariadb", "MariaDB", "Debian's archive",
    "the sources of a Debian release and of its security archive", "usr/sbin/mariadbd",
    # Of MariaDB's own source package.
    own=("mariadb-server", "mariadb-server-core", "mariadb-client", "mariadb-client-core",
         "mariadb-backup", "mariadb-common"),
    # Galera, the programs of a state transfer, libraries.
    needed=("galera-4", "rsync", "socat", "lsof", "libaio1", "liburing2", "libnuma1", "libpopt0",
            "libsnappy1v5", "libxxhash0", "libwrap0", "libpcre2-8-0", "libedit2", "libbsd0",
            "libmd0", "libncurses6"))
servers = ARCHIVE.servers
