"""The command line where no cloud is needed."""
import json
import os
import re
import signal
import subprocess
import sys

import pytest
import requests
from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.interfaces.cli.app import main

from tests.interfaces.conftest import PROGRAM
from tests.waits import PATIENCE_SEC

COMMANDS = ("plan", "run", "show", "list", "watch", "pause", "resume", "abort", "rollback",
            "finalize", "install-workflows", "engine", "doctor", "exporter", "lab", "demo")
NOWHERE = ("--mistral-url", "http://127.0.0.1:1")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A Mistral without the pack's workflows, as a service would be at first."""
    with EmbeddedEngine(tmp_path_factory.mktemp("service"), pack=False) as engine:
        yield engine


def test_help_names_every_command(cli):
    shown = cli("--help")
    assert all(re.search(rf"^  {name} ", shown.stdout, re.MULTILINE) for name in COMMANDS)


def test_help_loads_no_engine_nor_database_client_and_so_is_quick():
    code = ("import sys\nfrom trove_upgrade.interfaces.cli.app import main\n"
            "try:\n    main(['--help'])\nfinally:\n"
            "    print(sorted({'mistral', 'eventlet', 'troveclient', 'redis'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_of_run_names_inputs_and_exit_codes(cli):
    shown = cli("run", "--help").stdout
    for words in ("--on-failure", "--bake-sec", "--skip-check", "--os-cloud", "exit codes:",
                  "refused by preflight"):
        assert words in shown


@pytest.mark.parametrize("arguments", [
    ("run",), ("run", "--cluster", "c"), ("nonsense",),
    ("run", "--cluster", "c", "--datastore-version", "v", "--on-failure", "cry"),
    ("run", "--cluster", "c", "--datastore-version", "v", "--bake-sec", "soon"),
    ("show", "--mistral-url", "http://x", "--mistral-from-catalog")])
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    try:
        code = main(list(arguments))
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["show", "watch", "pause", "resume", "abort",
                                     "rollback"])
def test_service_that_does_not_answer_is_one_sentence(cli, command):
    ended = cli(command, "some-id", *NOWHERE)
    assert ended.returncode == 1
    assert ended.stderr.strip() == ("Mistral does not answer at http://127.0.0.1:1. Is that the "
                                    "right region and interface?")


def test_unknown_upgrade(cli, service):
    for arguments, words in ((("nope",), "not found"), ((), "no upgrade here yet")):
        ended = cli("show", *arguments, "--mistral-url", service.client_url)
        assert ended.returncode == 1
        assert words in ended.stderr
        assert "Traceback" not in ended.stderr


def test_install_workflows_then_run_by_url(cli, service):
    first = cli("install-workflows", "--mistral-url", service.client_url)
    assert first.returncode == 0, first.stderr
    assert "created trove_upgrade.cluster" in first.stdout
    again = cli("install-workflows", "--mistral-url", service.client_url)
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"unchanged"}
    # That service's executor knows no cloud, so the run is refused; its stdout is JSON alone.
    ended = cli("run", "--cluster", "shop", "--datastore-version", "9.1.2", "-f", "json",
                "--mistral-url", service.client_url.removesuffix("/v2"))
    look = json.loads(ended.stdout)
    assert look["state"] == "ERROR"
    assert ended.returncode in (3, 5)
    assert "Traceback" not in ended.stderr + look["message"]


def test_engine_in_the_foreground(cli):
    cli.env["http_proxy"] = "http://127.0.0.1:1"        # a company's, which can't reach it
    process = cli.begin("engine", "--state-dir", "here")
    output = cli.until("Ctrl-C stops it")
    url = re.match(r"export OS_MISTRAL_URL=(http://\S+:\S+@127\.0\.0\.1:\d+/v2)\n", output)[1]
    assert requests.get(f"{url}/workflows", timeout=PATIENCE_SEC).status_code == 200
    exports = "\n".join(re.findall(r"^export .*$", output, re.MULTILINE))
    shown = re.search(r"OS_AUTH_TYPE=none .* openstack workflow list", output)[0]
    listed = subprocess.run(["/bin/sh", "-c", f"{exports}\n{shown}"], text=True, check=False,
                            capture_output=True, env={"PATH": str(PROGRAM.parent),
                                                      "http_proxy": cli.env["http_proxy"]})
    assert "trove_upgrade.cluster" in listed.stdout, listed.stderr
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(PATIENCE_SEC) == 0
