"""TLS with a CA of one's own on Keystone, Trove and Mistral: the options that stand beside the
credentials hold for every session, and what they lack is named. Real TLS, small servers."""
import os
import warnings
from types import SimpleNamespace
from unittest import mock

import pytest
from trove_upgrade.interfaces.client import Client, ConnectionFailed
from trove_upgrade.interfaces.session import find_cloud, plain_client, service_client

from tests.datastores.authority import Authority
from tests.interfaces.small_cloud import ONE, TWO, SmallCloud
from tests.mistral_conf import in_force

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import clients, sessions
    from trove_upgrade.services.errors import explain

SECTION = "service_user"
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")    # as asked for


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def cloud(authority, tmp_path):
    with SmallCloud(authority.issue(tmp_path, "127.0.0.1")) as made:
        yield made


@pytest.fixture
def variables(cloud, tmp_path):
    """A person's variables, without the CA."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    with mock.patch.dict(os.environ, {**kept, **cloud.env(), "HOME": str(tmp_path)}, clear=True):
        yield os.environ


@pytest.fixture
def conf(cloud, tmp_path):
    """conf({section: {option: value}}): mistral.conf with the service user in its own section."""
    own = {name[3:].lower(): value for name, value in cloud.env().items()}
    with in_force(tmp_path) as read:
        yield lambda sections: read({
            SECTION: {"auth_type": "v3password", **own, **sections.get(SECTION, {})},
            "trove_upgrade": {"auth_section": SECTION, "region_name": ONE,
                              **sections.get("trove_upgrade", {})}})


@pytest.mark.parametrize("where", [SECTION, "trove_upgrade"])
def test_the_ca_of_the_service_users_section_holds_for_keystone_trove_and_mistral(
        cloud, conf, authority, where):
    conf({where: {"cafile": authority.file}})
    for actor in (sessions.service(), sessions.trustee("t-1")):
        assert [one.name for one in clients.trove(actor).clusters.list()][0] == "shop"
        assert clients.mistral(actor).workflows.list() == []
    token = SimpleNamespace(auth_token="t", region_name="", project_id="p", service_catalog={
        "catalog": cloud._token({"auth": {"scope": {}, "identity": {"password": {"user": {
            "name": "u", "password": "right"}}}}})[1]["token"]["catalog"]})
    assert clients.mistral(sessions.TokenActor(token)).workflows.list() == []


def test_insecure_of_the_service_users_section_holds(conf):
    conf({SECTION: {"insecure": "true"}})
    assert clients.mistral(sessions.service()).workflows.list() == []


@pytest.mark.parametrize("given", [{}, {"cafile": "/nowhere.pem"}])
def test_an_actions_certificate_error_is_final_and_names_the_option(conf, given):
    conf({SECTION: given})
    with pytest.raises(Exception) as raised:     # noqa: PT011  whichever the client makes of it
        clients.trove(sessions.service()).clusters.list()
    found = explain(raised.value)
    assert (found.code, found.klass) == ("certificate", "stop")
    assert f"cafile in [{SECTION}] or in [trove_upgrade] of mistral.conf" in found.message


@pytest.mark.parametrize("words", ["EOF occurred in violation of protocol", "timed out"])
def test_a_connection_that_breaks_under_tls_is_tried_again(words):
    from keystoneauth1.exceptions import SSLError
    assert explain(SSLError(f"SSL exception connecting to https://x: {words}")).klass == "retry"


@pytest.mark.parametrize("given", [{"OS_CACERT": "{ca}"}, {"OS_INSECURE": "true"}])
def test_a_persons_options_hold_for_every_client(variables, authority, given, cloud):
    variables.update({key: value.format(ca=authority.file) for key, value in given.items()})
    variables["OS_REGION_NAME"] = TWO
    client = Client()
    assert client.list() == []
    assert client._trove.clusters.list()
    assert service_client()[0].workflows.list() == []
    assert plain_client(f"{cloud.url}/workflowv2/RegionOne/public").workflows.list() == []
    assert clients.trove(sessions.cloud.__wrapped__(None)).clusters.list()


@pytest.mark.parametrize("given", [{}, {"OS_INSECURE": "false"}, {"OS_CACERT": "/nowhere.pem"}])
def test_a_persons_certificate_error_names_the_option(variables, given):
    variables.update(given)
    with pytest.raises(ConnectionFailed, match=r"--os-cacert \(OS_CACERT, cacert in clouds.yaml\)"):
        Client().list()


def paths(cloud, kind):
    return [one for one in cloud.seen if one.startswith(f"/{kind}/")]


def test_interface_region_and_overrides_of_clouds_yaml_hold(tmp_path, variables):
    """The public endpoints are dead; the variables beside a named cloud stand above its own."""
    with SmallCloud() as cloud:
        cloud.catalog = [(kind, region, interface, url if interface == "internal"
                          else "http://127.0.0.1:1")
                         for kind, region, interface, url in cloud.catalog]
        auth = {name[3:].lower(): value for name, value in cloud.env().items()}
        (tmp_path / "clouds.yaml").write_text(repr({"clouds": {
            "ours": {"auth": auth, "interface": "internal"},
            "apart": {"auth": auth, "database_endpoint_override": f"{cloud.url}/database/x/y",
                      "workflow_endpoint_override": f"{cloud.url}/workflowv2/x/y"}}}))
        for name in [one for one in variables if one.startswith("OS_")]:
            del variables[name]
        variables["OS_CLIENT_CONFIG_FILE"] = str(tmp_path / "clouds.yaml")
        for chosen, more, where in (("ours", {"OS_REGION_NAME": ONE}, f"{ONE}/internal"),
                                    ("ours", {"OS_REGION_NAME": TWO}, f"{TWO}/internal"),
                                    ("apart", {}, "x/y")):
            with mock.patch.dict(os.environ, {"OS_CLOUD": chosen, **more}):
                cloud.seen.clear()
                client = Client()
                assert client.list() == []
                assert client._trove.clusters.list()
                assert service_client()[0].workflows.list() == []
                assert clients.trove(sessions.cloud.__wrapped__(None)).clusters.list()
                assert clients.mistral(sessions.cloud.__wrapped__(None)).workflows.list() == []
                asked = {one.split("/v")[0].removesuffix("/clusters")
                         for one in paths(cloud, "database") + paths(cloud, "workflowv2")}
                assert {one.split("/", 2)[2].split("/v2")[0].rsplit("/exec")[0].rsplit("/work")[0]
                        .split("?")[0] for one in asked} == {where}


@pytest.fixture
def guarded(authority, tmp_path):
    """A cloud that wants a certificate of whoever asks; the options that give it one."""
    with SmallCloud(authority.issue(tmp_path, "127.0.0.1"), clients=authority.file) as made:
        (tmp_path / "own").mkdir()
        yield made, dict(zip(("cert", "key"), authority.issue(tmp_path / "own", "127.0.0.3"),
                             strict=True))


def test_a_client_certificate_is_shown_to_every_service(guarded, authority, variables, conf):
    cloud, own = guarded
    variables.update(cloud.env(OS_CACERT=str(authority.file), OS_CERT=str(own["cert"]),
                               OS_KEY=str(own["key"])))
    client = Client()
    assert client.list() == []
    assert client._trove.clusters.list()
    assert plain_client(f"{cloud.url}/workflowv2/RegionOne/public").workflows.list() == []
    conf({SECTION: {"auth_url": f"{cloud.url}/v3", "cafile": authority.file,
                    "certfile": own["cert"], "keyfile": own["key"]}})
    assert clients.trove(sessions.service()).clusters.list()
    assert clients.mistral(sessions.service()).workflows.list() == []


def test_a_missing_client_certificate_is_final_and_named():
    """As OpenSSL says it; a server that is in a hurry just goes away, which is tried again."""
    from keystoneauth1.exceptions import SSLError
    found = explain(SSLError("SSL exception connecting to https://x: (1, '[SSL: TLSV13_ALERT_"
                             "CERTIFICATE_REQUIRED] tlsv13 alert certificate required')"))
    assert (found.code, found.klass) == ("certificate", "stop")
    assert "ours is not right there" in found.message


@pytest.mark.parametrize(("address", "days", "reason"), [
    ("127.0.0.1", -1, "certificate has expired"), ("127.0.0.2", 1, "IP address mismatch")])
def test_what_is_wrong_with_a_certificate_is_told(authority, tmp_path, variables, address, days,
                                                  reason):
    with SmallCloud(authority.issue(tmp_path, address, days)) as cloud:
        variables.update(cloud.env(OS_CACERT=str(authority.file)))
        with pytest.raises(ConnectionFailed, match=reason):
            Client().list()


@pytest.mark.parametrize(("given", "interface"), [
    ({"OS_INTERFACE": "internal"}, "internal"), ({"OS_ENDPOINT_TYPE": "internalURL"}, "internal"),
    ({"OS_INTERFACE": "public", "OS_ENDPOINT_TYPE": "internal"}, "public"),
    ({"OS_ENDPOINT_TYPE": "internal", "OS_INTERFACE": "admin"}, "admin"), ({}, "public")])
def test_of_two_variables_for_the_interface_that_of_the_openstack_client_wins(
        variables, given, interface):
    for name in given:
        variables.pop(name, None)
    variables.update(given)
    assert find_cloud()[1].interface == interface
