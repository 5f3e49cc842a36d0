"""How a PostgreSQL member is asked: the only module here that opens a connection."""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from .. import access
from ..base import DatastoreError, Member
from ..foreign import check_types
from ..servers import AskedAtOnce
from ..watch import Watch
from . import login, wire
from .topology import READ_ONLY

# What does not reveal the password; "none" is a server that asks for none. Kerberos would show a
# server who this machine's user is, so it is in neither.
KEEPING = "scram-sha-256,md5,none"
REVEALING = "authentication method requirement"     # libpq's words
NO_ACCESS = {"28000", "28P01", "42501"}    # invalid authorization, password; no privilege
# psycopg gives no such number of a login.
NO_LOGIN = ("authentication failed", "no pg_hba.conf entry", REVEALING)
ANSWER = {"version": str, "started": str, "system": str, "standby": bool, "position": int,
          "inserted": int, "paused": bool, "fenced": bool, "synchronous": str, "trusted": bool,
          "receiver": str | None, "known_as": str, "delay": str, "senders": list,
          "overrides": list, "lacking": list, "relaxed": list,
          "archiving": str, "closed": bool, "logical": list, "unasked": list}
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
       coalesce((select source = 'command line' or sourcefile not like '%postgresql.auto.conf'
                 from pg_settings where name = 'default_transaction_read_only'
                     and setting = 'on'), false) as closed,
       current_setting('synchronous_standby_names') as synchronous,
       pg_has_role('pg_monitor', 'usage') as trusted,
       (select status from pg_stat_wal_receiver) as receiver,
       (select conninfo from pg_stat_wal_receiver) as conninfo,
       coalesce(current_setting('recovery_min_apply_delay', true), '0') as delay,
       (select coalesce(json_agg(s), '[]') from (
           select application_name as name, state, sync_state from pg_stat_replication
           where replay_lsn is not null) s) as senders,
       (select coalesce(json_agg(o), '[]') from (
           select rolname as role, datname as database, split_part(one, '=', 2) as value
           from pg_db_role_setting cross join unnest(setconfig) one
           left join pg_roles r on r.oid = setrole left join pg_database d on d.oid = setdatabase
           where split_part(one, '=', 1) = 'default_transaction_read_only') o) as overrides,
       (select coalesce(json_agg(name || ' = ' || setting order by name), '[]') from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off')
           as relaxed,
       (select coalesce(json_agg(slot_name order by slot_name), '[]') from pg_replication_slots
        where slot_type = 'logical' and not temporary) as logical,
       (select case when current_setting('archive_mode') <> 'off'
                    and last_failed_time > coalesce(last_archived_time, '-infinity')
               then last_failed_wal else '' end from pg_stat_archiver) as archiving
"""
# What the servers of newer versions tell besides, from which server_version_num on.
SINCE = {
    # Pages that were read and not what had been written, since the statistics were reset.
    120000: """
select coalesce(sum(checksum_failures), 0)::bigint as damaged from pg_stat_database""",
    # The WAL that is kept for a standby that is away, and the rate at which it has been written.
    140000: """
select pg_size_bytes(current_setting('wal_keep_size')) as wal_keep,
       pg_size_bytes(current_setting('max_slot_wal_keep_size')) as slots_keep,
       coalesce(current_setting('primary_slot_name'), '') as slot,
       coalesce(current_setting('restore_command'), '') as restore,
       (select json_agg(slot_name) from pg_replication_slots
        where slot_type = 'physical'
            and coalesce(wal_status, '') not in ('unreserved', 'lost')) as slots,
       extract(epoch from clock_timestamp() - stats_reset)::float as wal_sec,
       wal_bytes::float as wal_bytes from pg_stat_wal""",
    # For how long a slot is kept for a standby that is away; 0: for ever.
    180000: """
select setting::int as idle_sec from pg_settings where name = 'idle_replication_slot_timeout'""",
    150000: """
select coalesce(json_object_agg(datname, pg_database_collation_actual_version(oid)), '{}')
           as collations
from pg_database where datcollversion is distinct from pg_database_collation_actual_version(oid)
    and datcollversion is not null"""}
# In the one database that is asked.
EXTENSIONS = """
select coalesce(json_agg(extname), '[]') as lacking,
       (select coalesce(json_agg(datname), '[]') from pg_database
        where datallowconn and not datistemplate and datname not in (
            'postgres', current_database())) as unasked
from pg_extension where extname not in (select name from pg_available_extensions)
"""
FENCED = f"""
select case when current_setting('{READ_ONLY}') = 'on' then clock_timestamp()::text else '' end
       as since
"""
# Moves whenever a transaction is about to write, and not when the server writes WAL of itself.
NEXT = "select txid_snapshot_xmax(txid_current_snapshot())::text as next"
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
        arguments = self._arguments(timeout_sec)
        arguments |= login.parameters(
            watch, timeout_sec, self._access, address,
            *(arguments[key] for key in ("port", "user", "dbname")))
        connection = wire.connect(watch, timeout_sec, host=address, **arguments)
        connection.row_factory = dict_row
        connection.autocommit = True
        with connection:
            yield connection

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        words = str(error).strip().split("\n", 1)[0] or type(error).__name__
        if REVEALING in words and not access.may_reveal(self._access):
            error = access.Revealing()
        refused = (getattr(error, "sqlstate", None) in NO_ACCESS
                   or any(one in words for one in NO_LOGIN))
        return access.failure(member, error, words, refused)

    def answer(self, member: Member) -> dict[str, Any]:
        """The row of FACTS; with the name by which its source knows a standby (``known_as``)."""
        with self.connect(member) as connection:
            row: dict[str, Any] = {}
            for statement in (FACTS, EXTENSIONS):
                row |= connection.execute(statement.encode()).fetchone() or {}
            for version, statement in SINCE.items():
                if connection.info.server_version >= version:
                    row |= connection.execute(statement.encode()).fetchone() or {}
        row["known_as"] = _known_as(str(row["conninfo"] or ""))
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

    def next_transaction(self, member: Member) -> str:
        """The number of the next transaction that writes."""
        return self._one(member, NEXT)["next"]

    def _one(self, member: Member, statement: str, *values: str) -> dict[str, Any]:
        with self.connect(member) as connection:
            row = connection.execute(statement.encode(), values or None).fetchone()
        return row or {}

    def _arguments(self, timeout_sec: float) -> dict[str, Any]:
        chosen = self._access
        kept = login.NO_TICKET if access.may_reveal(chosen) else KEEPING
        return {
            "port": self._port(), "user": chosen.get("username", "postgres"),
            "dbname": chosen.get("database", "postgres"),
            "options": f"-c statement_timeout={int(timeout_sec * 1000)}",
            "application_name": "trove-upgrade", "gssencmode": "disable", "require_auth": kept,
            **_tls(chosen)}


def _known_as(conninfo: str) -> str:
    """The application_name of a standby's connection; the receiver gives its usual one itself."""
    told = conninfo_to_dict(conninfo)
    return str(told.get("application_name") or told.get("fallback_application_name") or "")


def _tls(chosen: dict[str, Any]) -> dict[str, Any]:
    """libpq has a TLS of its own; without a file of authorities it only knows the system's."""
    if not access.tls(chosen):
        return {"sslmode": "disable"}
    own = access.own_certificate(chosen)
    return {"sslmode": "verify-full" if access.checks_name(chosen) else "verify-ca",
            "sslrootcert": chosen.get("ca_file") or "system",
            **({"sslcert": own[0], "sslkey": own[1]} if own else {})}
