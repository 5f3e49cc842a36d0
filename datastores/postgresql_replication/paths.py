"""Which version of PostgreSQL may follow which: the minor releases of a major, in any order."""
from ..paths import SameSeries, Series, series

ONE_NUMBER_FROM = (10,)     # before it, two numbers name a major version ("Versioning Policy")


class Majors(SameSeries):
    """A series is a major version."""

    def series(self, version: str) -> Series:
        major = series(version, 1)
        return major if major >= ONE_NUMBER_FROM else series(version)


PATHS = Majors("it is another major version, whose data directory has another format, and "
               "pg_upgrade or a logical copy is another kind of work; upgrade within the "
               "major that it has")
