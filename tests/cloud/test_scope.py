"""Two regions, TLS with a private CA, and public endpoints at which nobody listens: who starts an
upgrade says where, and every step asks there, as its options say."""
import json
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from mistralclient.api.client import client
from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.lab.authority import Authority
from trove_upgrade.lab.keystone import conf

from tests.cloud.runs import ENDED, FAR, FROM_CATALOG, NEW, QUICK, TWO, Runs
from tests.mistral_conf import in_force
from tests.waits import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import barbican, clients, sessions
    from trove_upgrade.services.errors import explain

XDIST_GROUP = "scope"
CLOUD = FAR
PLAN = "trove-upgrade plan --datastore-version 9.1.2 -f json --cluster"


@pytest.fixture(scope="module")
def shop(cloud):
    """In the second region; the first one has no cluster at all."""
    return cloud.second.create_cluster("shop", shards=1, replicas=1)


def by_the_service(cluster, shell, tmp_path, _):
    """From the token's first reads to the trust's hold and upgrades."""
    (tmp_path / "inputs.json").write_text(json.dumps({**QUICK, "cluster_id": cluster.name}))
    return shell("mistral execution-create trove_upgrade.cluster inputs.json")


def by_trove(cluster, shell, *_):
    """What is asked of a region's Trove is done there."""
    return shell(f"openstack database cluster upgrade {cluster.name} {NEW}")


def from_here(cluster, shell, _, in_clouds_yaml):
    """An engine of one's own asks where clouds.yaml says."""
    return shell(f"trove-upgrade run --cluster {cluster.name} --datastore-version {NEW} "
                 "--bake-sec 0", **in_clouds_yaml)


def test_each_way_in_upgrades_in_its_callers_region(cloud, shell, tmp_path, in_clouds_yaml):
    ways, before = (by_the_service, by_trove, from_here), len(cloud.lab.api_calls())
    clusters = [cloud.second.create_cluster(way.__name__.replace("_", "-"), shards=1, replicas=1)
                for way in ways]
    with ThreadPoolExecutor(len(ways)) as pool:
        for done in [pool.submit(way, cluster, shell, tmp_path, in_clouds_yaml)
                     for way, cluster in zip(ways, clusters, strict=True)]:
            assert done.result().returncode == 0, done.result()
    demo, names = Runs(cloud), {name for one in clusters for name in (one.id, one.name)}
    for run in cloud.mistral().executions.list(workflow_name="trove_upgrade.cluster"):
        if json.loads(run.input)["cluster_id"] in names:
            _, info, output = demo.end(run.id)
            assert output["status"] == "upgraded", info
    for cluster in clusters:
        assert {one.version for one in cloud.second.members(cluster)} == {NEW}
    assert cloud.lab.api_calls()[before:] == []
    assert {"PATCH", "PUT"} <= {call["method"] for call in cloud.second.api_calls()}
    demo.assert_no_trust()


@pytest.mark.parametrize("way", ["variables", "clouds.yaml", "insecure", "openstack"])
def test_a_plan_of_the_service_asks_where_its_caller_says(shop, shell, in_clouds_yaml, way):
    command = f"openstack database cluster upgrade plan {shop.name} {NEW} -f json" \
        if way == "openstack" else f"{PLAN} {shop.name} {FROM_CATALOG}"
    more = {"clouds.yaml": in_clouds_yaml, "insecure": {"OS_CACERT": None, "OS_INSECURE": "true"}}
    done = shell(command, **more.get(way, {}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ready"] is True


def test_the_first_region_has_no_such_cluster(shop, shell):
    """So the plans of it were made in the second one."""
    done = shell(f"{PLAN} {shop.name} {FROM_CATALOG}", OS_REGION_NAME="RegionOne")
    assert done.returncode == 3
    assert f"There is no cluster '{shop.name}'" in done.stdout + done.stderr


@pytest.mark.parametrize("where", ["", FROM_CATALOG])
@pytest.mark.parametrize(("more", "words"), [
    ({"OS_REGION_NAME": "RegionSeven"}, "in region RegionSeven; there is one in region RegionOne "
     "(public, internal, admin), RegionTwo (public, internal, admin)."),
    ({"OS_CACERT": None}, "name the file with the CA's certificates by --os-cacert"),
    ({"OS_INTERFACE": "public"}, "https://127.0.0.1:1"),
])
def test_what_is_wrong_is_said_before_a_start(shop, shell, where, more, words):
    done = shell(f"{PLAN} {shop.name} {where}", **more)
    assert done.returncode == 1, done.stdout
    *slow, said = done.stderr.splitlines()
    assert words in said
    assert all("does not answer yet" in line for line in slow)      # of a busy machine


def test_a_region_that_is_not_there_refuses_a_run_of_the_service(cloud, shop):
    demo = Runs(cloud)
    _, info, output = demo.end(demo.start(shop, region="RegionSeven"))
    assert output["status"] == "refused"
    assert "in region RegionSeven; there is one in region RegionOne" in info
    demo.assert_no_trust()


@pytest.fixture
def engine_of(cloud, tmp_path):
    """engine_of({section: {option: value}}) is one more Mistral service of this cloud; a client."""
    with ExitStack() as ends:
        def start(own):
            certificate, key = cloud.keystone.tls
            config = tmp_path / "more.conf"
            config.write_text(conf.text({
                "pecan": {"auth_enable": "true"}, "api": {"enable_ssl_api": "true"},
                "ssl": {"cert_file": certificate, "key_file": key},
                "keystone_authtoken": cloud.keystone.authtoken("mistral"), **own}))
            clean = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
            engine = ends.enter_context(EmbeddedEngine(
                tmp_path / "engine", clean, cloud.access_dir, config=config))
            return client(mistral_url=engine.url, session=cloud.session("demo"),
                          cacert=cloud.keystone.cafile)
        yield start


def test_a_wrong_ca_in_the_services_own_section_is_final_and_named(cloud, shop, engine_of,
                                                                   tmp_path):
    """[keystone_authtoken] has the right one, so that callers are let in."""
    own = cloud.keystone.credentials("mistral") | {
        "cafile": str(Authority(tmp_path, "stranger").file)}
    mistral = engine_of({"service_user": own, "trove_upgrade": {
        "auth": "trust", "auth_section": "service_user", "interface": "internal"}})
    run = mistral.executions.create("trove_upgrade.cluster", workflow_input={
        **QUICK, "cluster_id": shop.id, "region": TWO}).id
    until(lambda: mistral.executions.get(run).state in ENDED, "its end")
    end = mistral.executions.get(run)
    assert json.loads(end.output)["status"] == "refused"
    assert "cafile in [service_user] or in [trove_upgrade] of mistral.conf" in end.state_info


@pytest.fixture
def service_user(cloud, tmp_path):
    """service_user({section: {option: value}}): by these options of a mistral.conf in which the
    credentials stand in a section of their own."""
    plain = {key: value for key, value in cloud.keystone.credentials("mistral").items()
             if key != "cafile"}
    with in_force(tmp_path) as read:
        def of(options):
            read({"service_user": plain | options.get("service_user", {}), "trove_upgrade": {
                "auth_section": "service_user", "interface": "internal", "region_name": TWO,
                **options.get("trove_upgrade", {})}})
            return sessions.service()
        yield of


@pytest.fixture(scope="module")
def secret(cloud):
    """Id of a secret in the second region's Barbican."""
    made = cloud.start_barbican()
    cloud.keystone.announce("barbican", barbican.BARBICAN, made.url, TWO)
    return made.store("mistral", "a-members").rsplit("/", 1)[-1]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")      # as asked for
@pytest.mark.parametrize(("section", "option"), [
    ("service_user", "cafile"), ("trove_upgrade", "cafile"), ("service_user", "insecure")])
def test_the_options_beside_the_service_users_credentials_hold_for_all_services(
        cloud, service_user, secret, section, option):
    """Keystone's too, though the catalog has none in this region."""
    actor = service_user({section: {option: "true" if option == "insecure"
                                    else cloud.keystone.cafile}})
    assert clients.trove(actor).datastores.list()
    assert clients.mistral(actor).workflows.list()
    assert clients.rest(actor, clients.KEYSTONE).get("/auth/projects").status_code == 200
    assert barbican.password(actor, secret) == "a-members"


@pytest.mark.parametrize("given", [{}, {"service_user": {"cafile": "/nowhere/ca.pem"}}])
def test_without_them_the_error_is_final_and_names_the_option(service_user, given):
    with pytest.raises(Exception) as raised:     # noqa: PT011  whichever the client makes of it
        clients.trove(service_user(given)).datastores.list()
    found = explain(raised.value)
    assert (found.code, found.klass) == ("certificate", "stop")
    assert "cafile in [service_user] or in [trove_upgrade] of mistral.conf" in found.message
