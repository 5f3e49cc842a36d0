"""Members' passwords that their tenant keeps in Barbican: over the real one."""
import pytest
import yaml

from tests.cloud.runs import NEW, SHARED, Runs, leaks

CLOUD = SHARED
XDIST_GROUP = "cloud 3"


@pytest.fixture(scope="module")
def barbican(cloud):
    """Barbican beside the cloud's other services."""
    return cloud.start_barbican()


def access_by(cloud, name, reference):
    """An access file for demo's and other's project, whose password is this secret."""
    section = yaml.safe_load((cloud.access_dir / "default.yaml").read_text())["redis"]
    del section["password_file"]
    (cloud.access_dir / f"{name}.yaml").write_text(yaml.safe_dump({
        "projects": [cloud.session(user).get_project_id() for user in ("demo", "other")],
        "redis": section | {"password_secret": reference}}))


def test_a_run_reads_its_callers_secret_and_nobody_else_does(cloud, cluster, barbican):
    password = cloud.lab.settings.password
    access_by(cloud, "kept", barbican.store("demo", password))
    access_by(cloud, "theirs", barbican.store("other", password))
    access_by(cloud, "key", barbican.store("demo", "aGVsbG8=", payload_content_encoding="base64",
                                           payload_content_type="application/octet-stream"))
    for user, access, words in (("demo", "theirs", "not let this user read the secret"),
                                ("reader", "kept", "not let this user read the secret"),
                                ("demo", "key", "holds no text")):
        who = Runs(cloud, user)
        _, info, output = who.end(who.start(cluster, access=access, dry_run=True))
        assert output["status"] == "refused", (user, access)
        assert words in info
    demo = Runs(cloud)
    _, info, output = demo.end(demo.start(cluster, access="kept"))
    assert output["status"] == "upgraded", info
    assert demo.versions(cluster) == {NEW}
    assert leaks(cloud, [password]) == []
    assert password not in (barbican.directory / "barbican.log").read_text()
