"""First contact: what is missing is one sentence, before anything is started."""
import http.server
import subprocess
import sys
import threading
import types
import warnings

import pytest
from oslo_config import cfg
from trove_upgrade.interfaces.client import BadInput, Client
from trove_upgrade.interfaces.session import engine_client
from trove_upgrade.schemas import UpgradeError, read_input
from trove_upgrade.services.config import options

from tests.waits import PATIENCE_SEC

PLAN = ("plan", "--cluster", "shop", "--datastore-version", "9")
CLOUDS = "clouds: {ours: {auth: {auth_url: 'http://127.0.0.1:1', username: u, password: p}}}\n"
WAYS = "--os-cloud with a name in clouds.yaml"
LOGIN = ("--os-auth-url", "http://127.0.0.1:1", "--os-username", "u", "--os-password", "p")
CODE = "import sys; sys.modules.update({name: None for name in sys.argv.pop().split(',')})\n" \
       "from trove_upgrade.interfaces.cli.app import main; sys.exit(main())"


@pytest.mark.parametrize(("arguments", "clouds", "words"), [
    (PLAN, "", ("No cloud is configured", "--os-auth-url is missing", WAYS)),
    (("run", *PLAN[1:]), "", ("No cloud is configured", WAYS)),
    (("resume", "x"), "", ("No cloud is configured", WAYS)),
    ((*PLAN, "--os-cloud", "theirs"), CLOUDS, ("Cloud theirs was not found", WAYS)),
    ((*PLAN, "--os-cloud", "theirs"), "", ("Cloud theirs was not found", WAYS)),
    ((*PLAN, "--os-cloud", "ours"), "clouds: {ours: {auth: 3}}",
     ("clouds.yaml can't be used: auth of its cloud ours must hold names with values.",)),
    ((*PLAN, "--os-cloud", "ours"), CLOUDS, ("No Keystone answers at http://127.0.0.1:1",
                                            "--os-auth-url")),
    ((*PLAN, *LOGIN), "", ("No Keystone answers at http://127.0.0.1:1",)),
    ((*PLAN, *LOGIN, "--os-auth-type", "magic"), "", ("magic", WAYS)),
    ((*PLAN, "--mistral-from-catalog"), "", ("No cloud is configured", WAYS))])
def test_what_is_missing_is_said_before_an_engine_is_started(cli, arguments, clouds, words):
    if clouds:
        (cli.directory / "clouds.yaml").write_text(clouds)
    ended = cli(*arguments)
    assert ended.returncode == 1, ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    for each in words:
        assert each in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (cli.directory / "trove-upgrade").exists()


@pytest.mark.parametrize(("missing", "extra"), [("cliff", "cli"), ("openstack", "cli"),
                                                ("mistral", "embedded")])
def test_a_missing_package_is_named_by_its_extra(cli, missing, extra):
    env = {**cli.env, "OS_AUTH_TYPE": "admin_token", "OS_ENDPOINT": "http://x", "OS_TOKEN": "t"}
    ended = subprocess.run([sys.executable, "-c", CODE, *PLAN, missing], env=env, text=True,
                           capture_output=True, check=False, timeout=PATIENCE_SEC)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"pip install 'trove-upgrade[{extra}]'" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (cli.directory / "trove-upgrade").exists()


@pytest.mark.parametrize("arguments", [
    ("plan", "--cluster", b"K\xf6ln", "--datastore-version", "9"), ("show", b"\xff"),
    (*PLAN, "--state-dir", b"/tmp/\xff"), (*PLAN, "--os-password", b"\xe9"), (b"pl\xe4n",)])
def test_arguments_that_are_not_utf_8_are_refused_at_once(cli, arguments):
    ended = cli(*arguments)
    assert ended.returncode == 2
    assert "is not UTF-8" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (cli.directory / "trove-upgrade").exists()


def test_variables_that_are_not_utf_8_are_refused_without_their_value(cli):
    cli.env["OS_PASSWORD"] = b"secret\xff"
    ended = cli(*PLAN)
    assert ended.returncode == 2
    assert ended.stderr == "trove-upgrade: error: the variable OS_PASSWORD does not hold UTF-8.\n"


@pytest.mark.parametrize("key", ["cluster_id", "datastore_version", "region"])
def test_a_nul_in_an_input_is_refused(key):
    inputs = {"cluster_id": "c", "datastore_version": "9.1.2", key: "a\0b"}
    with pytest.raises(UpgradeError, match=f"{key} is .*; it must not hold a NUL character"):
        read_input(inputs)


@pytest.mark.parametrize("name", ["K\udcf6ln", "\ud800"])
def test_names_that_are_not_utf_8_are_refused_by_every_way_in(name):
    trove = types.SimpleNamespace()         # is asked nothing
    client = Client(mistral=trove, trove=trove)
    for ask in (client.plan, client.upgrade, client.upgrade_replication_set):
        for cluster, version in ((name, "9"), ("shop", name)):
            with pytest.raises(BadInput, match="not UTF-8"):
                ask(cluster, version)
    for key in ("cluster_id", "datastore_version"):
        with pytest.raises(UpgradeError, match=f"{key} is .*; it must be UTF-8"):
            read_input({"cluster_id": "x", "datastore_version": "9", key: name})


@pytest.fixture
def engine():
    """(URL, its requests) of something that answers like an engine without anything in it."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802  http.server's name
            seen.append(self.headers["X-Auth-Token"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"workflows": []}')

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v2", seen
        server.shutdown()


def of_actions(url, token):
    """The client that actions have in an embedded engine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
        from trove_upgrade.services import clients
    for name, value in (("auth", "cloud"), ("mistral_url", url), ("mistral_token", token)):
        cfg.CONF.set_override(name, value, group="trove_upgrade")
    return clients.mistral(None)


@pytest.mark.parametrize("client", [engine_client, of_actions])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_own_engine_is_not_asked_through_a_proxy(engine, client, name, monkeypatch):
    url, seen = engine
    for other in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    options()
    try:
        assert client(url, "its token").workflows.list() == []
    finally:
        for each in ("auth", "mistral_url", "mistral_token"):
            cfg.CONF.clear_override(each, group="trove_upgrade")
    assert seen == ["its token"]
