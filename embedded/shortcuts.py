"""Ways round work of the frameworks under Mistral that serves nothing here.

Two of them spare a third of the engine's start: futurist loads eventlet wherever it is installed,
and wsme parses its source once for each class, to see in which order it names its attributes. The
third spares an eighth of its time during an upgrade: at each request pecan makes a class to tell
how a controller's method is called.
"""
import functools
import operator
import sys


def take() -> None:
    """Take them in this process, before Mistral is imported."""
    sys.modules["eventlet"] = None      # type: ignore[assignment]  as if it were not installed
    from pecan import util
    from wsme import types
    # As wsme itself does where there is no source.
    types.sort_attributes = lambda _, found: found.sort(key=operator.attrgetter("key"))
    util._getargspec = functools.lru_cache(maxsize=1024)(util._getargspec)
