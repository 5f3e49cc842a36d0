"""A real Prometheus reads the embedded engine's endpoint while a real cluster is upgraded."""
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from trove_upgrade.embedded.ports import free_port
from trove_upgrade.lab.kinds.archive import Archive

from tests.datastores.sets import require
from tests.waits import PATIENCE_SEC, until

LAB: dict = {}
XDIST_GROUP = "lab clients"
ALERTS = Path(__file__).parents[2] / "docs/examples/alerts.yaml"
ARCHIVE = Archive("prometheus", "Prometheus", "Debian's archive",
                  "the sources of a Debian release", "usr/bin/prometheus", own=("prometheus",),
                  needed=(), wanted=1)
CONFIGURATION = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: [{alerts}]
scrape_configs:
- job_name: upgrades
  scrape_timeout: 1s
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture
def programs():
    """The directory of Prometheus's programs; skipped where apt has none, unless required."""
    require(ARCHIVE)
    return next(iter(ARCHIVE.servers().values())) / "usr/bin"


@contextmanager
def prometheus(programs, directory, port):
    """One that scrapes the port; gives query(text): the value of each sample that it answers."""
    own = free_port()
    (directory / "prometheus.yml").write_text(CONFIGURATION.format(port=port, alerts=ALERTS))
    with (directory / "prometheus.out").open("w") as out, subprocess.Popen(
            [programs / "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
             f"--web.listen-address=127.0.0.1:{own}"],
            cwd=directory, stdout=out, stderr=out) as process:
        def query(text):
            try:
                answer = requests.get(f"http://127.0.0.1:{own}/api/v1/query", timeout=10,
                                      params={"query": text})
            except requests.ConnectionError:
                return []
            if answer.status_code == 503:       # it listens, and is not ready yet
                return []
            return [float(one["value"][1]) for one in answer.json()["data"]["result"]]
        try:
            yield query
        finally:
            process.terminate()
            process.wait(PATIENCE_SEC)


def test_prometheus_reads_how_an_upgrade_goes(site, cluster, make_cli, tmp_path, programs):
    checked = subprocess.run([programs / "promtool", "check", "rules", ALERTS],
                             capture_output=True, text=True, timeout=PATIENCE_SEC, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    cli, port = make_cli(tmp_path, site.lab.env()), free_port()
    place = ("--access-dir", str(site.lab.access_dir))
    engine = cli.begin("engine", "--metrics-port", str(port), *place)
    try:
        cli.until("# Prometheus:")
        with prometheus(programs, tmp_path, port) as query:
            until(lambda: query("trove_upgrade_up") == [1], "a first look")
            done = cli("run", "--cluster", cluster.name, "--datastore-version", "9.1.2",
                       "--bake-sec", "0", "--parallelism", "domain", "--no-canary", *place)
            assert done.returncode == 0, done.stdout + done.stderr
            until(lambda: query('trove_upgrade_ended_total{status="upgraded"}') == [1], "the end")
            assert query("trove_upgrade_member_away_seconds_count") == [6]
            assert query("trove_upgrade_wave_seconds_count")[0] >= 2
            assert query("trove_upgrade_gate_seconds_count")[0] >= 3
            assert query("trove_upgrade_locks") == query("trove_upgrade_queue") == [0]
            seen = query('max_over_time(trove_upgrade_members{datastore="redis"}[10m])')
            assert seen and max(seen) <= 6
        told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_SEC).text
        assert not [one for one in (cluster.id, cluster.name) if f'"{one}' in told]
    finally:
        engine.send_signal(signal.SIGINT)
        engine.wait(PATIENCE_SEC)
