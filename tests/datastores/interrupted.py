"""Runs on replication sets under load, which a kill -9 of the engine or an abort interrupts."""
import contextlib

from tests.end_to_end.invariants import LISTS, assert_lists_are_true
from tests.waits import until

QUICK = {"backup": "skip"}


@contextlib.contextmanager
def begun(site, replicas=2, **inputs):
    """A run on a fresh set under load; at its end all that must be true of each is asserted."""
    with site.cluster(replicas=replicas) as cluster, site.load(cluster) as load:
        run = site.begin(cluster, **{**QUICK, **inputs})
        yield run
        run.end().load = load.stop()
        assert_nothing_lost(run.end().load)
        assert_each_member_is_there_once(run)
        assert run.end().lock is None


def assert_nothing_lost(load):
    """Nothing that was acknowledged. While nobody is there to end a promotion writes may fail."""
    assert load["acknowledged"] > 0
    assert (load["lost"], load["unreadable"], load["wrong_reads"]) == (0, 0, 0), load
    assert_lists_are_true(load)


def kill_when(run, moment, what, still):
    """kill -9 of the engine as soon as moment() is true, and before still() is not; a start."""
    until(moment, what, every=0.05)
    run.site.engine.kill()
    assert still(), f"killed too late: {what}"
    run.site.start_engine()


def asked(run, method, ending=""):
    """Paths that the pack has asked of Trove's API so, since the run began."""
    return [one["path"] for one in run.site.lab.api_calls() if one["t"] >= run.since
            and one["method"] == method and one["path"].endswith(ending)]


def statuses(run):
    """{id: status} of all its instances in Trove."""
    return {one["id"]: one["status"] for one in run.site.shown(run.cluster)}


def is_promoting(run):
    return "PROMOTE" in statuses(run).values()


def assert_each_member_is_there_once(run):
    """In Trove, well and under its name, and in the result. No instance more, none less."""
    names = sorted(one.name for one in run.before)
    run.until_at_rest()
    assert sorted(one["name"] for one in run.site.shown(run.cluster)) == names
    result = run.end().result
    assert sorted(one["name"] for group in LISTS for one in result[group]) == names
    assert run.site.lab.is_whole(run.cluster)
