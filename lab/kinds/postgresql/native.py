"""What the members' own servers say, asked over their own protocol."""
import psycopg

from ..base import Member
from ..replication import REPLICATOR

LAG_BYTES = 64 * 1024
FACTS = """
select current_setting('server_version'), pg_is_in_recovery(),
       coalesce((select status from pg_stat_wal_receiver), ''),
       case when pg_is_in_recovery()
            then pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
            else 0 end,
       current_setting('default_transaction_read_only')
"""


def connect(address: str, settings, user: str = REPLICATOR) -> psycopg.Connection:
    """A connection to one member that gives up soon; REPLICATOR is a superuser, as in Trove."""
    return psycopg.connect(host=address, port=settings.port, user=user, dbname="postgres",
                           password=settings.password or None, autocommit=True,
                           connect_timeout=2, application_name="lab")


def members(rows: list[dict], settings) -> list[Member]:
    """One Member per row {id, name, address}; a silent server leaves its facts empty."""
    facts = {row["address"]: _facts(row["address"], settings) for row in rows}
    sources = [address for address, found in facts.items() if found.get("role") == "primary"]
    return [Member(**row, port=settings.port, **facts[row["address"]],
                   cluster_ok=len(sources) == 1 and bool(facts[row["address"]])) for row in rows]


def _facts(address: str, settings) -> dict:
    try:
        with connect(address, settings) as connection:
            version, standby, receiver, behind, fenced = connection.execute(FACTS).fetchone()
    except (psycopg.Error, OSError):
        return {}
    caught_up = receiver == "streaming" and behind is not None and behind <= LAG_BYTES
    return {"role": "replica" if standby else "primary", "version": version.split()[0],
            "in_sync": caught_up if standby else fenced == "off"}
