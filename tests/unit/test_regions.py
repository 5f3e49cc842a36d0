"""The region, interface and project of whoever started a run go with it to all that acts for it."""
import os
import warnings
from types import SimpleNamespace

import pytest
from keystoneauth1 import session
from keystoneauth1.access import access
from keystoneauth1.identity.access import AccessInfoPlugin
from oslo_config import cfg
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.ownership import lock as locks
    from trove_upgrade.services import clients, config, rights, sessions
    from trove_upgrade.services.scope import Scope

REGIONS = ("RegionOne", "RegionTwo")


def url(region, interface):
    return f"http://{interface}.{region.lower()}.example/v1.0/p"


@pytest.fixture
def catalog():
    """A token as Keystone shows it."""
    endpoints = [{"region": region, "region_id": region, "interface": interface,
                  "url": url(region, interface)}
                 for region in REGIONS for interface in ("public", "internal")]
    return {"token": {
        "methods": ["password"], "expires_at": "2999-01-01T00:00:00.000000Z", "roles": [],
        "issued_at": "2026-01-01T00:00:00.000000Z", "user": {"id": "u", "name": "demo"},
        "project": {"id": "p", "name": "demo"},
        "catalog": [{"type": kind, "name": kind, "endpoints": endpoints}
                    for kind in ("database", "workflowv2")]}}


@pytest.fixture
def signed(catalog):
    found = access.AccessInfoV3(catalog, auth_token="t")
    return session.Session(auth=AccessInfoPlugin(found, "http://keystone.example"))


@pytest.fixture
def service(monkeypatch, signed):
    """The service user, by itself and by a trust."""
    monkeypatch.setattr(sessions, "_signed",
                        lambda section, trust, region: sessions.Actor(signed, region))


@pytest.fixture(autouse=True)
def options(monkeypatch):
    config.options()
    for key, value in (("auth", "trust"), ("region_name", None), ("interface", "public")):
        cfg.CONF.set_override(key, value, group=config.GROUP)
    yield
    for key in ("auth", "region_name", "interface"):
        cfg.CONF.clear_override(key, group=config.GROUP)


def security(catalog, region):
    return SimpleNamespace(service_catalog=catalog["token"], region_name=region, auth_token="t",
                           insecure=False, project_id="p", trust_id=None)


@pytest.mark.parametrize("region", REGIONS)
def test_the_token_and_the_trust_ask_the_same_region(catalog, service, region):
    kept = rights.Kept("run-1", "c1", "p", "trust-1", True, sessions.TokenActor(
        security(catalog, region)).region)
    for actor in (sessions.TokenActor(security(catalog, region)), kept.actor()):
        assert actor.url("database") == url(region, "public")
        assert clients.trove(actor).client.region_name == region
        assert clients.rest(actor, clients.TROVE).get_endpoint() == url(region, "public")


@pytest.mark.parametrize("region", REGIONS)
def test_the_hold_is_taken_where_the_cluster_is(catalog, service, region):
    """By the service user, who is everywhere."""
    lock = locks.Lock(sessions.TokenActor(security(catalog, region)), "c1", "p")
    assert lock._task._rest.get_endpoint() == url(region, "public")


def test_an_operators_own_region_and_interface_come_first(catalog, signed):
    cfg.CONF.set_override("region_name", "RegionTwo", group=config.GROUP)
    cfg.CONF.set_override("interface", "internal", group=config.GROUP)
    for actor in (sessions.Actor(signed), sessions.TokenActor(security(catalog, "RegionOne"))):
        assert actor.url("database") == url("RegionTwo", "internal")


def test_a_run_that_names_a_region_asks_trove_there_and_mistral_at_home(catalog, signed):
    cfg.CONF.set_override("region_name", "RegionOne", group=config.GROUP)
    for actor in (sessions.Actor(signed, "RegionTwo"),
                  sessions.TokenActor(security(catalog, "RegionOne"), "RegionTwo")):
        assert actor.url("database") == url("RegionTwo", "public")
        assert actor.url("workflowv2") == url("RegionOne", "public")
        assert clients.rest(actor, clients.MISTRAL).get_endpoint() == url("RegionOne", "public")


def test_which_of_several_mistrals_is_ours_is_asked_for_not_guessed(signed):
    with pytest.raises(UpgradeError, match=r"RegionOne, RegionTwo.*region_name in \[trove_up"):
        sessions.Actor(signed).url("workflowv2")


@pytest.mark.parametrize("auth", ["trust", "context", "cloud"])
@pytest.mark.parametrize("asked", ["RegionTwo", '"RegionTwo"'])
def test_the_region_of_the_input_is_asked_for_good(catalog, signed, monkeypatch, auth, asked):
    """A cron trigger's token knows no region, and a form gives it with quotes."""
    monkeypatch.setattr(rights.ExecutionReader, "asked_for", lambda *_: ({"region": asked}, {}))
    monkeypatch.setattr(rights, "_regions", {})
    cfg.CONF.set_override("auth", auth, group=config.GROUP)
    monkeypatch.setattr(sessions, "cloud", lambda name, region="": sessions.Actor(signed, region))
    context = SimpleNamespace(security=security(catalog, None))
    assert rights.caller(context, "run-1").url("database") == url("RegionTwo", "public")


def test_an_override_is_for_its_own_region():
    here = Scope("RegionOne", "internal", {"database": "https://trove", "workflowv2": "https://m"})
    assert here.within("RegionTwo") == Scope("RegionTwo", "internal", {"workflowv2": "https://m"})
    assert here.within("RegionOne") is here.within("") is here


def test_one_users_cloud_says_where(monkeypatch, signed):
    scope = Scope("RegionTwo", "internal")
    monkeypatch.setattr(sessions.clouds, "find", lambda name: (signed, scope))
    sessions.cloud.cache_clear()
    assert sessions.cloud("mine").url("database") == url("RegionTwo", "internal")
    sessions.cloud.cache_clear()


@pytest.mark.parametrize("kind", ["token", "session"])
def test_a_region_that_is_not_there_is_named(catalog, signed, kind):
    actor = sessions.TokenActor(security(catalog, "Nowhere")) if kind == "token" \
        else sessions.Actor(signed, "Nowhere")
    with pytest.raises(UpgradeError, match=r"in region Nowhere; there is one in region "
                       r"RegionOne \(public, internal\), RegionTwo \(public, internal\)") as raised:
        actor.url("database")
    assert (raised.value.code, raised.value.klass) == ("no_endpoint", "stop")


@pytest.mark.parametrize(("name", "words"), [
    (None, "--os-auth-url is missing"), ("theirs", "Cloud theirs was not found")])
def test_an_executor_without_a_cloud_says_what_is_missing(monkeypatch, tmp_path, name, words):
    for variable in [one for one in os.environ if one.startswith("OS_")]:
        monkeypatch.delenv(variable)
    for variable in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UpgradeError, match=words) as raised:
        sessions.cloud.__wrapped__(name)
    assert (raised.value.code, raised.value.klass) == ("no_cloud", "stop")
