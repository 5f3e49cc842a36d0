"""The driver and the double: stock client, real protocol, no Trove."""
import datetime
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from trove_upgrade.datastores.base import Member
from trove_upgrade.datastores.vertica import VerticaDriver

from tests.datastores.vertica.nodes import NEW, Nodes
from tests.waits import until


def driver_of(nodes, tmp_path, **access):
    secret = tmp_path / "secret"
    secret.write_text(nodes.password)
    return VerticaDriver({"port": nodes.settings.port, "password_file": str(secret), **access})


def members_of(nodes):
    return [Member(f"n{number}", f"node-{number}", address)
            for number, address in enumerate(nodes.addresses)]


@pytest.fixture
def nodes(tmp_path):
    with Nodes(tmp_path) as made:
        yield made


def failing(driver, members):
    return {check.name for check in driver.checks(driver.read(members)) if not check.ok}


def test_a_healthy_database_needs_consent_and_a_backup_only(nodes, tmp_path):
    driver, members = driver_of(nodes.up(), tmp_path), members_of(nodes)
    facts = driver.read(members)
    assert {one.version for one in facts.values()} == {"11.1.1.0"}
    assert all(one.healthy and one.identity for one in facts.values())
    assert driver.blockers(facts, ()) == []
    assert failing(driver, members) == {"outage_accepted", "backup_taken"}
    nodes.measure(backup_hours=1, system_sessions=["REFRESH"], transactions=[["ann", 900]],
                  catalog_kb=1 << 20, memory_bytes=3 << 29, catalog_free_mb=1023,
                  projections={"orders_b0": True, "orders_b1": False})
    assert failing(driver, members) == {
        "outage_accepted", "nothing_running", "transactions_short", "catalog_memory",
        "projections_current", "catalog_storage"}


def test_a_node_that_is_down_is_seen_so_by_itself_and_by_the_others(nodes, tmp_path):
    driver, members = driver_of(nodes.up(), tmp_path), members_of(nodes)
    nodes.kill(2)
    until(lambda: any("sees node-2 DOWN" in one
                   for one in driver.blockers(driver.read(members), ())))
    facts = driver.read(members)
    assert not facts["n2"].answers
    assert driver.blockers(facts, {"n2"}) == []
    assert driver.blockers(facts, set(facts)) == []


def test_the_switchover_of_each_member_shuts_down_once_and_survives_that_it_is_down(nodes,
                                                                                    tmp_path):
    driver, members = driver_of(nodes.up(), tmp_path), members_of(nodes)
    facts = driver.read(members)
    before = facts["n0"].identity
    driver.switchover(facts, "n0", NEW)
    assert [nodes.ended(number)[0] for number in range(3)] == [0, 0, 0]
    driver.switchover(facts, "n1", NEW)
    driver.switchover(driver.read(members), "n2", NEW)
    nodes.up(NEW)
    driver.switchover(facts, "n1", NEW)       # a step that runs late
    now = driver.read(members)
    assert all(one.healthy and one.version == "12.0.4.0" for one in now.values())
    assert now["n0"].identity != before
    assert "converted" in driver.closed_rollback_path(now, "n0", "11.1.1")


def test_wrong_credentials_are_no_access_and_told_without_the_secret(nodes, tmp_path):
    driver, members = driver_of(nodes.up(), tmp_path), members_of(nodes)
    (tmp_path / "secret").write_text("hunter2")
    checks = {check.name: check for check in driver.checks(driver.read(members))}
    assert not checks["native_access"].ok
    assert "refuses the credentials" in checks["native_access"].message
    assert "hunter2" not in "".join(check.message for check in checks.values())
    assert "hunter2" not in repr(driver)
    (tmp_path / "secret").unlink()
    facts = driver.read(members)
    assert "password_file" in facts["n0"].problems[0]


def certificate(address, path):
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab")])
    now = datetime.datetime.now(datetime.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
            .sign(key, hashes.SHA256()))
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return str(path)


def test_tls_with_the_authority_of_the_access_file_and_not_with_another(tmp_path):
    (tmp_path / "nodes").mkdir()
    with Nodes(tmp_path / "nodes", size=1) as nodes:
        own, other = (certificate(nodes.addresses[0], tmp_path / f"{name}.pem")
                      for name in ("own", "other"))
        nodes.configure(certificate=own)
        nodes.up()
        members = members_of(nodes)
        for ca_file, answers in ((own, True), (None, False), (other, False)):
            access = {"tls": True, "ca_file": ca_file}
            driver = driver_of(nodes, tmp_path, **access)
            assert driver.read(members)["n0"].answers is answers, access


def test_tls_is_not_given_up_where_the_server_has_none(nodes, tmp_path):
    driver = driver_of(nodes.up(), tmp_path, tls=True)
    facts = driver.read(members_of(nodes))
    assert not any(one.answers for one in facts.values())
    assert {one.native["code"] for one in facts.values()} == {"access_refused"}
