"""How a PostgreSQL member is asked: the only module here that opens a connection."""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from .. import access
from ..base import DatastoreError, Member
from ..foreign import check_types
from ..servers import AskedAtOnce
from ..watch import Watch
from . import wire
from .topology import READ_ONLY

# What does not reveal the password; "none" is a server that asks for none.
KEEPING = "scram-sha-256,md5,none"
REVEALING = "authentication method requirement"     # libpq's words
NO_ACCESS = {"28000", "28P01", "42501"}    # invalid authorization, password; no privilege
# psycopg gives no such number of a login.
NO_LOGIN = ("authentication failed", "no pg_hba.conf entry")
ANSWER = {"version": str, "started": str, "system": str, "standby": bool, "position": int,
          "inserted": int, "paused": bool, "fenced": bool, "synchronous": str, "trusted": bool,
          "receiver": str | None, "senders": list}
FACTS = """
select current_setting('server_version') as version,
       pg_postmaster_start_time()::text as started,
       (select system_identifier from pg_control_system())::text as system,
       pg_is_in_recovery() as standby,
       (case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
             else pg_current_wal_lsn() end - '0/0'::pg_lsn)::bigint as position,
       (case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
             else pg_current_wal_insert_lsn() end - '0/0'::pg_lsn)::bigint as inserted,
       case when pg_is_in_recovery() then pg_is_wal_replay_paused() else false end as paused,
       current_setting('default_transaction_read_only') = 'on' as fenced,
       current_setting('synchronous_standby_names') as synchronous,
       pg_has_role('pg_monitor', 'usage') as trusted,
       (select status from pg_stat_wal_receiver) as receiver,
       (select coalesce(json_agg(s), '[]') from (
           select state, sync_state from pg_stat_replication
           where replay_lsn is not null) s) as senders
"""
FENCED = f"""
select case when current_setting('{READ_ONLY}') = 'on' then clock_timestamp()::text else '' end
       as since
"""
# Transactions keep the mode that they began with: one that has only read so far may still write.
OLDER = """
select count(*) as number from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start <= %s::timestamptz
"""


class Servers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file,
    allow_cleartext_password, database, tls, ca_file, check_name, cert_file, key_file."""

    default_port = 5432
    library = (psycopg.Error,)

    @contextmanager
    def session(self, address: str, watch: Watch, timeout_sec: float
                ) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A connection to one member."""
        connection = wire.connect(watch, timeout_sec, host=address,
                                  **self._arguments(timeout_sec))
        connection.row_factory = dict_row
        connection.autocommit = True
        with connection:
            yield connection

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        words = str(error).strip().split("\n", 1)[0] or type(error).__name__
        if REVEALING in words:
            error = access.Revealing()
        refused = (getattr(error, "sqlstate", None) in NO_ACCESS
                   or any(one in words for one in NO_LOGIN))
        return access.failure(member, error, words, refused)

    def answer(self, member: Member) -> dict[str, Any]:
        """The row of FACTS."""
        row = self._one(member, FACTS)
        self.check(row)
        if not row["trusted"]:
            raise DatastoreError("access_refused", f"{member.name}: the role has to be a member of "
                                 "pg_monitor", instance=member.id)
        return row

    def check(self, answer: dict[str, Any]) -> None:
        """Make sure that an answer has the types of FACTS.

        :raises TypeError: it has others.
        """
        check_types(answer, ANSWER)

    def set_read_only(self, member: Member, on: bool) -> None:
        """Let new transactions only read, or write again, and tell the server to reload.

        When older sessions know it, :meth:`fenced_since` tells.
        """
        with self.connect(member) as connection:
            connection.execute(f"alter system set {READ_ONLY} = on" if on
                               else f"alter system reset {READ_ONLY}")
            connection.execute("select pg_reload_conf()")

    def fenced_since(self, member: Member) -> str:
        """The server's time if a new connection finds it read-only, so that its older ones know,
        too: the reloaded server tells them before it makes new ones. Empty if not."""
        return self._one(member, FENCED)["since"]

    def older_transactions(self, member: Member, since: str) -> int:
        """How many transactions of clients are open that had begun by the time ``since``."""
        return self._one(member, OLDER, since)["number"]

    def _one(self, member: Member, statement: str, *values: str) -> dict[str, Any]:
        with self.connect(member) as connection:
            row = connection.execute(statement.encode(), values or None).fetchone()
        return row or {}

    def _arguments(self, timeout_sec: float) -> dict[str, Any]:
        chosen = self._access
        kept = {} if access.may_reveal(chosen) else {"require_auth": KEEPING}
        return {
            "port": self._port(), "user": chosen.get("username", "postgres"),
            "password": access.password(chosen), "dbname": chosen.get("database", "postgres"),
            "options": f"-c statement_timeout={int(timeout_sec * 1000)}",
            "application_name": "trove-upgrade", "gssencmode": "disable", **kept, **_tls(chosen)}


def _tls(chosen: dict[str, Any]) -> dict[str, Any]:
    """libpq has a TLS of its own; without a file of authorities it only knows the system's."""
    if not access.tls(chosen):
        return {"sslmode": "disable"}
    own = access.own_certificate(chosen)
    return {"sslmode": "verify-full" if access.checks_name(chosen) else "verify-ca",
            "sslrootcert": chosen.get("ca_file") or "system",
            **({"sslcert": own[0], "sslkey": own[1]} if own else {})}
