"""The double of a Vertica node, asked by the stock client: it must behave as its docstrings say."""
import pytest
import vertica_python
from trove_upgrade.lab.kinds.vertica import native
from trove_upgrade.lab.kinds.vertica.client import VerticaClients

from tests.datastores.vertica.nodes import NEW, OLD, Nodes
from tests.waits import never, until

pytestmark = pytest.mark.lab_double
PAIRS = {f"key {number}": f"it's {number}" for number in range(60)}


@pytest.fixture
def nodes(tmp_path):
    with Nodes(tmp_path) as made:
        yield made


def test_stock_client_writes_and_reads_through_every_node(nodes):
    nodes.up()
    clients = VerticaClients(nodes.nodes(), nodes.password)
    with clients.connect() as first, clients.connect() as second:
        first.write_many(PAIRS)
        first.write("one'more", "x")
        assert second.read_many(list(PAIRS)) == list(PAIRS.values())
        assert second.read("one'more") == "x"
        assert second.read("nothing") is None


def test_wrong_password_and_unknown_tables_are_refused_as_the_server_would(nodes):
    nodes.up()
    nodes.settings.password = "wrong"
    with pytest.raises(vertica_python.errors.ConnectionError, match="Sqlstate: 28000"):
        native.connect(nodes.addresses[0], nodes.settings)
    nodes.settings.password = nodes.password
    with native.connect(nodes.addresses[0], nodes.settings) as connection:
        cursor = connection.cursor()
        with pytest.raises(vertica_python.errors.MissingRelation):
            cursor.execute("SELECT x FROM v_monitor.nonsense")
        with pytest.raises(vertica_python.errors.QueryError):
            cursor.execute("DROP everything")
        assert cursor.execute("SELECT version()").fetchall() == [
            ["Vertica Analytic Database v11.1.1-0"]]


def test_a_prepared_statement_is_refused_and_the_session_goes_on(nodes):
    nodes.up()
    with native.connect(nodes.addresses[0], nodes.settings) as connection:
        cursor = connection.cursor()
        with pytest.raises(vertica_python.errors.Error, match="simple queries only"):
            cursor.execute("SELECT 1", use_prepared_statements=True)


def test_one_node_less_is_survived_and_it_recovers_what_it_missed(nodes):
    nodes.up()
    clients = VerticaClients(nodes.nodes(), nodes.password)
    nodes.kill(1)
    until(lambda: nodes.addresses[1] not in nodes.who_is_up(0))
    assert nodes.ask(0, "SELECT current_fault_tolerance FROM v_monitor.system") == [[0]]
    with clients.connect() as client:
        client.write_many(PAIRS)
    nodes.up(only=[1])
    nodes.kill(0)
    until(lambda: nodes.addresses[0] not in nodes.who_is_up(1))
    with clients.connect() as client:
        assert client.read_many(list(PAIRS)) == list(PAIRS.values())


def test_two_nodes_less_is_unsafe_and_the_last_one_ends(nodes):
    nodes.up()
    nodes.kill(0)
    nodes.kill(1)
    code, words = nodes.ended(2)
    assert code == 1
    assert "UNSAFE" in words


def test_shutdown_is_refused_while_others_are_connected_unless_it_is_forced(nodes):
    nodes.up()
    with native.connect(nodes.addresses[1], nodes.settings) as connection, \
            native.connect(nodes.addresses[1], nodes.settings):
        cursor = connection.cursor()
        with pytest.warns(UserWarning, match="users are connected"):
            answer = cursor.execute("SELECT SHUTDOWN()").fetchall()
        assert answer == [["Shutdown: aborting shutdown"]]
        answer = cursor.execute("SELECT SHUTDOWN('true')").fetchall()
        assert answer == [["Shutdown: moveout complete"]]
        assert [nodes.ended(number)[0] for number in range(3)] == [0, 0, 0]


def shut_down(nodes):
    nodes.ask(0, "SELECT SHUTDOWN('true')")
    assert [nodes.ended(number)[0] for number in range(3)] == [0, 0, 0]


def test_a_newer_version_keeps_the_data_and_the_older_one_is_refused_afterwards(nodes):
    nodes.up()
    clients = VerticaClients(nodes.nodes(), nodes.password)
    with clients.connect() as client:
        client.write_many(PAIRS)
    shut_down(nodes)
    nodes.up(NEW)
    with clients.connect() as client:
        assert client.read_many(list(PAIRS)) == list(PAIRS.values())
    shut_down(nodes)
    nodes.start(OLD)
    assert nodes.ended(0) == (1, "the catalog was written by v12.0.4: v11.1.1 can't read it")


def test_a_newer_version_that_never_was_up_has_converted_nothing(nodes):
    nodes.up()
    shut_down(nodes)
    nodes.start(NEW, only=[0])
    never(lambda: nodes.who_is_up(0))
    nodes.kill(0)
    nodes.up(OLD)


def test_a_release_between_must_not_be_skipped(nodes):
    nodes.up()
    shut_down(nodes)
    nodes.start("23.3.0")
    code, words = nodes.ended(2)
    assert code == 1
    assert "upgrade to 12.0 before v23.3.0" in words


def test_nodes_of_two_versions_do_not_run_together(nodes):
    nodes.up()
    nodes.kill(2)
    nodes.start(NEW, only=[2])
    never(lambda: nodes.who_is_up(2))
    assert len(nodes.who_is_up(0)) == 2
