"""What is up in this process for the tests of one group: found by what it was brought up with.

It is brought up when a test first asks for it, and ended after the last test of the group.
"""
import contextlib
import warnings
from pathlib import Path

import pytest

from tests.groups import group_of

BRIEF_SEC = 120     # keystoneauth uses no token that ends so soon
SHORT_TOKENS = str(Path(__file__).parent / "cloud/short_tokens")


class Shared:
    """Things that are up, by a key that tells what they are."""

    def __init__(self):
        self._up = {}

    def get(self, key, make):
        """The one of this key; else ``make()``, a context manager, is entered and kept."""
        if key not in self._up:
            with contextlib.ExitStack() as stack:
                made = stack.enter_context(make())
                self._up[key] = (made, stack.pop_all())
        return self._up[key][0]

    def end(self):
        """End all, the newest first; what one of them finds wrong does not spare the others."""
        with contextlib.ExitStack() as stack:
            for _, one in self._up.values():
                stack.push(one)
            self._up.clear()


SHARED = Shared()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    """After the last test of a group, when its own fixtures are over.

    Not before a test that has failed is run once more: its fixtures are kept for that, too.
    """
    try:
        return (yield)
    finally:
        again = getattr(item, "_finalizers_suspended", False)       # pytest-rerunfailures
        if not again and (nextitem is None or group_of(nextitem) != group_of(item)):
            SHARED.end()


def site(directory, options):
    """A lab with an engine, of these options, that must keep its secrets: tests/end_to_end/site.py.

    :param directory: makes a directory for the engine.
    """
    from tests.end_to_end.site import clean_site
    return SHARED.get(_key("site", options), lambda: clean_site(directory("engine"), **options))


def cloud(options):
    """Keystone, Trove, Mistral: a Cloud of these options."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")        # eventlet's, of itself
        # Here, in the main thread: a thread that is the first to import eventlet never ends.
        import troveclient.v1.client  # noqa: F401
    return SHARED.get(_key("cloud", options), lambda: _cloud(options))


@contextlib.contextmanager
def _cloud(options):
    from trove_upgrade.lab.cloud import Cloud
    with pytest.MonkeyPatch.context() as patch:
        if options.get("token_sec", BRIEF_SEC) < BRIEF_SEC:
            patch.setenv("PYTHONPATH", SHORT_TOKENS)        # of the cloud's processes, and here:
            patch.setattr("keystoneauth1.identity.base.BaseIdentityPlugin."
                          "MIN_TOKEN_LIFE_SECONDS", 5)
        with Cloud(**options) as made:
            yield made


def _key(kind, options):
    return f"{kind} {sorted(options.items())}"
