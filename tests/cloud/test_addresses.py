"""Members on several networks, and one without an address, as Trove tells them."""
import pytest
import yaml
from trove_upgrade.interfaces import report

from tests.cloud.runs import NEW, SHARED, Runs

CLOUD = SHARED
XDIST_GROUP = "cloud 3"
NOBODY = "127.66.66.67"         # on the network that the lab's second ports are on


@pytest.fixture
def plan_of(cloud, cluster):
    """plan_of(access) is a dry run's plan, by this access file."""
    def make(access="default"):
        demo = Runs(cloud)
        state, info, output = demo.end(demo.start(cluster, dry_run=True, access=access))
        assert state == "SUCCESS", info
        return output["plan"]
    return make


@pytest.fixture
def port(cloud):
    return yaml.safe_load((cloud.access_dir / "default.yaml").read_text())["redis"]["port"]


@pytest.fixture
def access(cloud):
    """access(**keys) is an access file that says this besides what the default one does."""
    made = cloud.access_dir / "networks.yaml"

    def write(**keys):
        content = yaml.safe_load((cloud.access_dir / "default.yaml").read_text())
        content["redis"] |= keys
        made.write_text(yaml.safe_dump(content))
        return made.stem
    yield write
    made.unlink(missing_ok=True)


def test_of_several_networks_the_access_file_chooses_one_for_every_step(
        cloud, cluster, access, plan_of, port):
    cloud.lab.faults.member("second_port")
    plan = plan_of()
    checks = {one["name"]: one for one in plan["checks"]}
    assert not plan["ready"]
    assert checks["native_access"]["answer"] == "no"
    assert f"{cluster.name}-member-2" in checks["native_access"]["message"]
    assert f"{NOBODY}:{port}" in checks["native_access"]["message"]
    assert checks["persistence_on"]["answer"] == "unknown"
    assert f"{NOBODY}:{port}" in checks["persistence_on"]["message"]
    demo = Runs(cloud)
    state, info, output = demo.end(demo.start(cluster, access=access(network="lab-network")))
    assert (state, output["status"]) == ("SUCCESS", "upgraded"), info
    cloud.lab.faults.clear()
    assert demo.versions(cluster) == {NEW}


def test_a_member_without_an_address_is_named_and_what_it_alone_knows_is_unknown(
        cloud, cluster, access, plan_of):
    name = f"{cluster.name}-member-2"
    cloud.lab.faults.member("no_port", name)
    plan = plan_of()
    answers = {one["name"]: one["answer"] for one in plan["checks"]}
    assert not plan["ready"]
    assert (answers["native_access"], answers["slots_covered"]) == ("no", "yes")
    assert answers["persistence_on"] == answers["not_a_downgrade"] == "unknown"
    lines = report.check_lines(plan)
    for line in lines:
        if "unknown  " in line:
            assert f"Trove gives no usable address for {name}: it tells none." in line
    assert sum("unknown  " in line for line in lines) == sum(
        answer == "unknown" for answer in answers.values())
    cloud.lab.faults.clear()
    other = plan_of(access(cidr=["10.0.0.0/8", "2001:db8::/32"]))
    assert {one["address"] for one in other["members"]} == {""}
    complaint = next(one["message"] for one in other["checks"] if one["name"] == "native_access")
    assert f"for {name}: the access file asks for cidr 10.0.0.0/8 or 2001:db8::/32" in complaint
