"""Which release of MongoDB may follow which.

Source: the manual's "Release Notes", page "Upgrade a Sharded Cluster" of each release: "you must be
running" the release before it.
"""
from ..paths import Numbered, Paths, Rules, in_turn, series

# Each may be reached from the one before it, and go back to it while its data allow that.
PATHS = Rules(Numbered(), Paths(
    in_turn("4.4", "5.0", "6.0", "7.0", "8.0"), source="MongoDB, Release Notes", both_ways=True,
    skips="From {start} to {end} the way is by {steps}, each finalised.",
    unknown="{stranger} is not on the path of major releases: {known}."))
CONFIRMED_FROM = "7.0"     # setFeatureCompatibilityVersion must be confirmed
# "Downgrade 7.0 to 6.0": not supported (Community), or with MongoDB's help only (Enterprise).
NO_WAY_DOWN_FROM = "7.0"


def newer(one: str, other: str) -> bool:
    """Whether the series of ``one`` is newer than that of ``other``."""
    return series(one) > series(other)
