"""docs/first-contact.md: what `trove-upgrade plan` says to each misconfiguration, really run."""
import contextlib
import os
import re
import socket
from pathlib import Path
from unittest import mock

import pytest
from trove_upgrade.interfaces import first_contact, session, silence
from trove_upgrade.interfaces.cli.app import main
from trove_upgrade.interfaces.errors import Unreachable
from trove_upgrade.interfaces.services import service_errors

from tests.datastores.authority import Authority
from tests.interfaces.small_cloud import ONE, VERSION, SmallCloud

PAGE = Path(__file__).parents[2] / "docs/first-contact.md"
SHOWN = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"),
                        re.MULTILINE)[2:])
PLAN = ("--cluster", "c-0", "--datastore-version", "9.1.2")
CASES = {}
NEVER_SEC = 3600


def case(what):
    """Register the arrangement of a row: it is given (cloud, directory) and returns (variables
    beside the cloud's own, arguments beside PLAN); None takes a variable away."""
    def register(arrange):
        CASES[what] = arrange
        return arrange
    return register


def given(what, *arguments, **variables):
    case(what)(lambda cloud, directory: (variables, arguments))


given("no cloud", OS_AUTH_URL=None)
given("unknown cloud", "--os-cloud", "theirs")
given("half a cloud", OS_USERNAME=None)
given("unknown way to log in", OS_AUTH_TYPE="magic")
given("wrong password", OS_PASSWORD="wrong")
given("nobody listens at auth_url", OS_AUTH_URL="http://127.0.0.1:1/v3")
given("auth_url is no URL", OS_AUTH_URL="http://[::1/v3")
given("no Keystone at that host name", OS_AUTH_URL="http://keystone.invalid/v3")
given("the proxy is dead", http_proxy="http://127.0.0.1:1", no_proxy=None)
given("unknown region", OS_REGION_NAME="RegionSeven")
given("unknown region, with a Mistral service", "--mistral-from-catalog",
      OS_REGION_NAME="RegionSeven")
given("nobody listens at auth_url, with a Mistral service", "--mistral-from-catalog",
      OS_AUTH_URL="http://127.0.0.1:1/v3")
given("packets to auth_url are lost, with a Mistral service", "--mistral-from-catalog",
      OS_AUTH_URL="{lost}/v3")
given("wrong password, with a Mistral service", "--mistral-from-catalog", OS_PASSWORD="wrong")
given("certificate of an unknown CA, with a Mistral service", "--mistral-from-catalog",
      OS_AUTH_URL="{tls}/v3")
given("no cloud, with a Mistral service", "--mistral-from-catalog", OS_AUTH_URL=None)
given("wrong interface", OS_INTERFACE="admin")
given("unknown cluster", "--cluster", "nope")
given("several clusters of that name", "--cluster", "twins")
given("unknown version", "--datastore-version", "7.7")
given("inactive version", "--datastore-version", "7.2.4")
given("version of another datastore", "--datastore-version", "v-other")
given("no such access file", "--access", "orders")
given("an access file by its path", "--access", "../orders")
given("unknown CA file", OS_CACERT="/nowhere/ca.pem", OS_AUTH_URL="{tls}/v3")
given("certificate of an unknown CA", OS_AUTH_URL="{tls}/v3")
given("TLS is spoken to a plain port", OS_AUTH_URL="{host}/v3")


given("the proxy is no URL", http_proxy="http://me:secret@127.0.0.1:99999", no_proxy=None)


@case("auth_url is another service's")
def another_service(cloud, _):
    return {"OS_AUTH_URL": f"{cloud.url}/elsewhere"}, ()


given("packets to auth_url are lost", OS_AUTH_URL="{lost}/v3")


@case("packets to Trove are lost")
def lost_trove(cloud, _):
    cloud.catalog = [("database", ONE, "public", "{lost}")]
    return {}, ()


@case("Trove takes the connection and is silent")
def waiting_trove(cloud, _):
    cloud.catalog = [("database", ONE, "public", "{silent}")]
    return {}, ()


@case("several versions of that name")
def namesakes(cloud, _):
    cloud.versions = [{**VERSION, "id": f"v-{number}", "name": "lts", "version": number}
                      for number in ("8.1.8", "9.1.2")]
    return {}, ("--datastore-version", "lts")


@case("the cloud has no Trove")
def no_trove(cloud, _):
    cloud.catalog = [one for one in cloud.catalog if one[0] != "database"]
    return {}, ()


@case("the cloud has no Mistral")
def no_mistral(cloud, _):
    cloud.catalog = [one for one in cloud.catalog if one[0] == "database"]
    return {}, ("--mistral-from-catalog",)


@case("Trove does not answer")
def silent_trove(cloud, _):
    cloud.catalog = [("database", ONE, "public", "http://127.0.0.1:1")]
    return {}, ()


@case("Mistral does not answer")
def silent_mistral(cloud, _):
    cloud.catalog = [one for one in cloud.catalog if one[0] == "database"]
    cloud.catalog += [("workflowv2", ONE, "public", "http://127.0.0.1:1")]
    return {}, ("--mistral-from-catalog",)


given("Keystone takes the connection and is silent", OS_AUTH_URL="{silent}/v3")
given("Mistral takes the connection and is silent", "--mistral-url", "{silent}")
given("no Mistral at the URL", "--mistral-url", "http://127.0.0.1:1")


@case("an access file is no YAML")
def bad_access(_, directory):
    (directory / "default.yaml").write_text("redis: [")
    return {}, ()


@case("an access file is no mapping")
def listed_access(_, directory):
    (directory / "default.yaml").write_text("- redis")
    return {}, ()


@case("clouds.yaml is no YAML")
def bad_clouds(_, directory):
    (directory / "clouds.yaml").write_text("clouds: [")
    return {"OS_CLIENT_CONFIG_FILE": "clouds.yaml"}, ("--os-cloud", "ours")


@case("the state directory can't be made")
def bad_place(_, directory):
    (directory / "file").touch()
    return {}, ("--state-dir", str(directory / "file" / "below"))


@case("an argument is not UTF-8")
def not_text(*_):
    return {}, ("--cluster", "K\udcf6ln")


@case("a variable is not UTF-8")
def not_text_variable(*_):
    return {"OS_PROJECT_NAME": "K\udcf6ln"}, ()


OURS = """clouds:
  ours:
    auth: {{auth_url: {url}/v3, username: u, password: right, project_name: p,
           user_domain_name: Default, project_domain_name: Default}}
"""


def clouds_yaml(what, text):
    """The cloud stands in a clouds.yaml of this text, and in no variable."""
    @case(what)
    def arrange(cloud, directory):
        content = text.format(url=cloud.url) if isinstance(text, str) else text
        (directory / "clouds.yaml").write_bytes(
            content.encode() if isinstance(content, str) else content)
        return {**dict.fromkeys(cloud.env()), "OS_CLIENT_CONFIG_FILE": "clouds.yaml"}, (
            "--os-cloud", "ours")


clouds_yaml("clouds.yaml has a tab", "clouds:\n\tours:\n")
clouds_yaml("clouds.yaml is no mapping", "- ours\n")
clouds_yaml("clouds.yaml is not UTF-8", b"clouds: {ours: {auth: {username: M\xfcller}}}")
clouds_yaml("the cloud in clouds.yaml is empty", "clouds:\n  ours:\n")
clouds_yaml("auth in clouds.yaml is no mapping", "clouds: {{ours: {{auth: http://keystone/v3}}}}")
clouds_yaml("clouds in clouds.yaml is a list", "clouds: [ours]")
clouds_yaml("the profile in clouds.yaml does not answer",
            OURS + "    profile: http://127.0.0.1:1\n")
clouds_yaml("the endpoint override with a password in it",
            OURS + "    database_endpoint_override: http://me:secret@127.0.0.1:1\n")
clouds_yaml("no password in clouds.yaml", OURS.replace("password: right", "password:"))
clouds_yaml("the endpoint override is no URL", OURS + "    database_endpoint_override: trove\n")
clouds_yaml("the endpoint override is a web page",
            OURS + "    database_endpoint_override: {url}/page\n")


@case("the password is in a secure.yaml that is no YAML")
def bad_secure(cloud, directory):
    (directory / "secure.yaml").write_text("clouds: [")
    variables, arguments = CASES["no password in clouds.yaml"](cloud, directory)
    return {**variables, "OS_CLIENT_SECURE_FILE": "secure.yaml"}, arguments


@case("clouds.yaml is a directory")
def clouds_directory(_, directory):
    (directory / "clouds.yaml").mkdir()
    return {"OS_CLIENT_CONFIG_FILE": "clouds.yaml"}, ("--os-cloud", "ours")


def auth_url(what, path, *arguments, **variables):
    """OS_AUTH_URL is the small cloud's URL with another path."""
    @case(what)
    def arrange(cloud, _):
        return {"OS_AUTH_URL": cloud.url + path, **variables}, arguments


auth_url("auth_url is a web page", "/page/v3")
auth_url("auth_url is JSON of somebody else", "/null/v3")
auth_url("auth_url ends with a space", "/v3 ")
auth_url("auth_url is of API v2.0", "/v2.0")
auth_url("auth_url leads in a circle", "/circle/v3")
auth_url("the proxy wants a password", "/v3", http_proxy="{proxy}", no_proxy=None)
@case("Keystone is out of order")
def broken_keystone(cloud, _):
    cloud.broken = True
    return {}, ()


given("auth_url has no scheme", OS_AUTH_URL="keystone:5000/v3")
given("auth_url with a password in it", OS_AUTH_URL="http://me:secret@127.0.0.1:1/v3")
given("IPv6 without brackets", OS_AUTH_URL="http://::1:5000/v3")
given("no password", OS_PASSWORD=None)
given("no project", OS_PROJECT_NAME=None, OS_PROJECT_DOMAIN_NAME=None)
given("options of another way to log in", OS_AUTH_TYPE="admin_token", OS_TOKEN="t",
      OS_ENDPOINT="http://127.0.0.1:1")
given("application credential that is not valid", OS_AUTH_TYPE="v3applicationcredential",
      OS_APPLICATION_CREDENTIAL_ID="a", OS_APPLICATION_CREDENTIAL_SECRET="gone",
      OS_USERNAME=None, OS_PASSWORD=None, OS_PROJECT_NAME=None)
given("OS_CLIENT_CONFIG_FILE names no file", "--os-cloud", "ours", OS_AUTH_URL=None,
      OS_CLIENT_CONFIG_FILE="nowhere.yaml")
given("the directory of access files is not there", "--access-dir", "nowhere")
given("client certificate that is no PEM", OS_CERT="/etc/hostname", OS_KEY="/etc/hostname",
      OS_AUTH_URL="{tls}/v3", OS_INSECURE="true")
given("CA file that is no PEM", OS_CACERT="/etc/hostname", OS_AUTH_URL="{tls}/v3")
given("http to a port that speaks TLS", OS_AUTH_URL="{plain}/v3")
given("a region with a space", OS_REGION_NAME="RegionOne ")


def endpoint(what, path, service="database", *arguments):
    """The service's URL in the catalog is the small cloud's with another path."""
    @case(what)
    def arrange(cloud, _):
        cloud.catalog = [one for one in cloud.catalog if one[0] != service]
        cloud.catalog += [(service, ONE, "public", cloud.url + path)]
        return {}, arguments


endpoint("Trove is a web page", "/page")
endpoint("Trove is JSON of somebody else", "/null")
endpoint("Trove's URL has another path", "/elsewhere")
endpoint("Trove is out of order", "/broken")
endpoint("Mistral is a web page", "/page", "workflowv2", "--mistral-from-catalog")
endpoint("Mistral is JSON of somebody else", "/null", "workflowv2", "--mistral-from-catalog")
endpoint("Mistral's URL has another path", "/elsewhere", "workflowv2", "--mistral-from-catalog")
endpoint("Mistral hangs up", "/hangs-up", "workflowv2", "--mistral-from-catalog")


@case("an access file whose section is no mapping")
def flat_access(_, directory):
    (directory / "default.yaml").write_text("redis: secret")
    return {}, ()


@contextlib.contextmanager
def silent():
    """A URL where connections are taken and nothing is answered."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def nowhere():
    """A URL whose packets are lost: as many connections wait there as may wait."""
    with socket.socket() as server, socket.socket() as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting.connect(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def environment(directory, variables):
    """The variables and nothing else of a cloud, in a directory without clouds.yaml."""
    rest = {name: value for name, value in os.environ.items()
            if not name.startswith("OS_") and not name.lower().endswith("_proxy")}
    own = {"HOME": str(directory), "XDG_CONFIG_HOME": str(directory),
           "XDG_STATE_HOME": str(directory / "state"), "NO_PROXY": "", **variables}
    with mock.patch.dict(os.environ, {**rest, **{key: value for key, value in own.items()
                                                 if value is not None}}, clear=True), \
            contextlib.chdir(directory):
        yield


def run(arguments, capsys):
    """(exit code, stderr) of the command line."""
    try:
        code = main(["plan", *PLAN, *arguments])
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().err


@contextlib.contextmanager
def arranged(what, directory, cloud):
    """Meanwhile this is wrong with ``cloud``, a fresh one; gives the arguments beside PLAN."""
    with contextlib.ExitStack() as stack:
        stranger = directory / "stranger"       # a Keystone by TLS whose CA nobody knows
        stranger.mkdir()
        tls = stack.enter_context(SmallCloud(Authority(stranger).issue(stranger, "127.0.0.1")))
        variables, arguments = CASES[what](cloud, directory)
        places = {"tls": tls.url, "host": cloud.url.replace("http:", "https:"),
                  "plain": tls.url.replace("https:", "http:"), "proxy": f"{cloud.url}/proxy",
                  "lost": stack.enter_context(nowhere()),
                  "silent": stack.enter_context(silent())}
        cloud.catalog = [(*rest, url.format(**places)) for *rest, url in cloud.catalog]
        variables = cloud.env(**{key: value and value.format(**places)
                                 for key, value in variables.items()})
        stack.enter_context(environment(directory, variables))
        yield "--access-dir", str(directory), *(one.format(**places) for one in arguments)


@pytest.mark.parametrize("what", sorted(CASES.keys() | SHOWN.keys()))
def test_each_row_is_what_is_said_before_an_engine_is_started(what, tmp_path, capsys, monkeypatch):
    started = mock.Mock(side_effect=AssertionError("an engine was started"))
    monkeypatch.setattr("trove_upgrade.embedded.engine.subprocess.Popen", started)
    is_silent = what.endswith("is silent")      # then a person reads two lines, the first one soon
    monkeypatch.setattr(silence, "NOTICE_SEC", 0.05 if is_silent else NEVER_SEC)
    if is_silent:
        monkeypatch.setattr(first_contact, "ANSWER_SEC", 1)
    with SmallCloud() as cloud, arranged(what, tmp_path, cloud) as arguments:
        code, said = run(arguments, capsys)
    assert not started.called
    lines = said.splitlines()
    assert is_silent or len(lines) == 1
    shown = " ".join(lines[-2:]).replace(cloud.url, "http://keystone").replace(str(tmp_path), "DIR")
    shown = re.sub(r"127\.0\.0\.1:\d{4,}", "127.0.0.1:PORT", shown)
    if os.environ.get("SHOW"):
        print(f"\n| {what} | {shown} |")        # a new row of the page
    assert code == (2 if said.startswith("trove-upgrade: error:") else 1)
    assert shown == SHOWN.get(what)


@pytest.mark.parametrize("words", [("list",), ("show", "x"), ("abort", "x", "--yes"),
                                   ("rollback", "x"), ("install-workflows",)])
def test_commands_that_only_ask_are_not_held_up_by_a_silent_mistral(words, tmp_path, capsys,
                                                                    monkeypatch):
    monkeypatch.setattr(first_contact, "ANSWER_SEC", 0.2)
    with silent() as url, environment(tmp_path, {}):
        assert main([*words, "--mistral-url", url]) == 1
    assert f"Mistral at {url} takes the connection and does not answer in 5 s." in \
        capsys.readouterr().err


def test_a_question_whose_answer_does_not_come_is_given_up(monkeypatch):
    monkeypatch.setattr(session, "GIVE_UP_SEC", 0.2)
    with silent() as url, pytest.raises(Unreachable), service_errors():
        session.plain_client(url).executions.list()


def test_what_is_right_comes_to_the_engine(tmp_path, capsys, monkeypatch):
    """So the table does not hold because everything is refused."""
    monkeypatch.setattr("trove_upgrade.embedded.engine.subprocess.Popen",
                        mock.Mock(side_effect=RuntimeError("the engine starts")))
    with SmallCloud() as cloud, environment(tmp_path, cloud.env()):
        code, said = run((), capsys)
    assert (code, "the engine starts" in said) == (1, True)
