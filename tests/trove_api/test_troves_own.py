"""Trove's own unit tests of its cluster API, in a process in which the filter is loaded."""
import re
import subprocess
import sys

import pytest

from tests.waits import PATIENCE_SEC

pytest.importorskip("testtools", reason="Trove's unit tests need it")

RUN = """\
import sys, warnings
warnings.simplefilter("ignore")
from trove.tests import root_logger                # as Trove's own test runner begins
from trove.common import cfg
cfg.CONF([], project="trove", default_config_files=[])
if sys.argv[1] == "with":
    from trove_upgrade.interfaces.trove_api.filter import factory
    factory({})(None)
import unittest
unittest.main(module=None, argv=["trove", "-b", *sys.argv[2:]])
"""
SUITES = [f"trove.tests.unittests.{name}" for name in (
    "cluster.test_cluster", "cluster.test_cluster_controller", "cluster.test_cluster_models",
    "cluster.test_cluster_pxc_controller", "cluster.test_cluster_redis_controller",
    "cluster.test_cluster_vertica_controller", "cluster.test_cluster_views", "cluster.test_models",
    "cluster.test_cassandra_cluster", "cluster.test_galera_cluster",
    "cluster.test_mongodb_cluster", "cluster.test_redis_cluster", "cluster.test_vertica_cluster",
    "api.test_versions", "common.test_auth", "common.test_policy", "common.test_wsgi")]


def outcome(kind, directory):
    """(number of tests, names of those that fail) with or without the filter."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", RUN, kind, *SUITES], cwd=directory,
                          capture_output=True, text=True, timeout=PATIENCE_SEC, check=False)
    ran = re.search(r"^Ran (\d+) tests", done.stderr, re.M)
    assert ran, done.stderr[-3000:]
    return int(ran[1]), set(re.findall(r"^(?:FAIL|ERROR): (\S+)", done.stderr, re.M))


def test_trove_s_unit_tests_pass_as_without_the_filter(tmp_path):
    count, failed = outcome("with", tmp_path)
    assert count > 150
    assert not [name for name in failed if "Controller" in name]
    assert (count, failed) == outcome("without", tmp_path)
