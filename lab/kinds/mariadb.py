"""The MariaDB servers of the lab, from Debian's archive.

Debian's stable and its security archive offer different versions most of the time. The series
before theirs comes from Ubuntu 22.04, whose servers run on Debian 12's libraries; see mysql.py.
"""
from .archive import Archive, environment
from .mysql import UbuntuArchive

__all__ = ["ARCHIVE", "EARLIER", "environment", "series", "servers"]

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
EARLIER = UbuntuArchive(
    "mariadb-10.6", "MariaDB 10.6", "Ubuntu's archive",
    "the lists of Ubuntu's jammy and jammy-updates", ARCHIVE.program,
    own=("mariadb-server-10.6", "mariadb-server-core-10.6", "mariadb-client-10.6",
         "mariadb-client-core-10.6", "mariadb-backup", "mariadb-common"),
    needed=(*ARCHIVE.needed, "liblz4-1"), wanted=1, component="universe")
servers = ARCHIVE.servers


def series() -> dict[str, str]:
    """Version number -> where it is unpacked: the earlier series and the newest of this one.

    :raises RuntimeError: they can't be had here; what to do.
    """
    newest = list(servers().items())[-1:]
    return {version: str(root) for version, root in [*EARLIER.servers().items(), *newest]}
