"""What keeps a MySQL or MariaDB member from leading, and what its commits wait for, from the rows
of its own server. Newer and older words for the same thing are made alike: source and replica.
"""
from typing import Any

# Both servers' names; a server shows those that it knows.
SETTINGS = ("log_slave_updates", "log_replica_updates", "slave_skip_errors", "replica_skip_errors",
            "slave_exec_mode", "replica_exec_mode", "replicate_rewrite_db", "server_id",
            "replicate_events_marked_for_skip", "binlog_expire_logs_seconds", "expire_logs_days",
            "sync_binlog", "innodb_flush_log_at_trx_commit", "max_binlog_total_size",
            "binlog_space_limit", "offline_mode", "transaction_read_only", "tx_read_only",
            "max_connections", "require_secure_transport")
SEMI_SYNC = r"rpl\_semi\_sync\_%"      # of settings and of status
BRIEF_MS = 1000     # a commit that waits no longer is no outage; a switchover takes as long

Row = dict[str, Any]


def new_words(row: Row) -> Row:
    """A row with names in the words of newer MySQL, in small letters."""
    return {name.lower().replace("slave", "replica").replace("master", "source"): value
            for name, value in row.items()}


def answer(settings: Row, status: Row, followed: list[Row], binlog: Row) -> dict[str, Any]:
    """``{filters, unlogged, delay, logs_updates, semi_sync, kept_sec, limits, relaxed, number,
    closed, only_tls, clients, max_clients}``;
    ``unlogged`` is what the binary log leaves out, ``limits`` are those of its size, ``relaxed`` is
    what lets a commit be acknowledged before it is on disk, ``number`` the server_id, whose own
    transactions a replica leaves out, ``closed`` what keeps clients from the server or from writes,
    ``only_tls`` whether they must come by TLS, ``clients`` how many there are, and ``max_clients``
    how many it takes.

    :param settings: the rows of SETTINGS and SEMI_SYNC, by name.
    :param status: the rows of SEMI_SYNC and Threads_connected, by name.
    :param followed: the state of replication from each source.
    :param binlog: the state of the binary log; empty where there is none.
    """
    settings, status = new_words(settings), new_words(status)
    followed = [new_words(one) for one in followed]
    return {"filters": _filters(settings, followed), "unlogged": _unlogged(new_words(binlog)),
            "delay": max((int(one.get("sql_delay") or 0) for one in followed), default=0),
            "logs_updates": settings.get("log_replica_updates") == "ON",
            "semi_sync": _semi_sync(settings, status), "kept_sec": _kept_sec(settings),
            "limits": [f"{name} = {settings[name]}" for name in
                       ("max_binlog_total_size", "binlog_space_limit")
                       if int(settings.get(name) or 0)],
            "closed": [f"{name} = {settings[name]}" for name in
                       ("offline_mode", "transaction_read_only", "tx_read_only")
                       if settings.get(name, "OFF") != "OFF"],
            "only_tls": settings.get("require_secure_transport") == "ON",
            "clients": int(status.get("threads_connected") or 0),
            "max_clients": int(settings.get("max_connections") or 0),
            "number": str(settings.get("server_id") or ""),
            "relaxed": [f"{name} = {settings[name]}" for name in
                        ("innodb_flush_log_at_trx_commit", "sync_binlog")
                        if str(settings.get(name, 1)) != "1"]}


def unfit(native: dict[str, Any]) -> list[str]:
    """Why a replica must not lead, each with the setting that says so."""
    found = [f"leaves transactions out ({one})"
             for one in (*native["filters"], *native["unlogged"])]
    found += [f"would refuse clients' writes ({one})" for one in native["closed"]]
    if native["delay"]:
        found.append(f"is delayed by {native['delay']} s (SQL_Delay)")
    if not native["logs_updates"]:
        found.append("does not log what it replicates, so none could follow it without a gap "
                     "(log_slave_updates is off)")
    return found


def waits(native: dict[str, Any], there: int) -> str:
    """What the commits of a member that leads wait for in vain with so many replicas that
    acknowledge; empty when they wait for nobody, or not for long."""
    own = native["semi_sync"]
    if not own["leads"] or not own["waits_alone"] or own["timeout_ms"] <= BRIEF_MS \
            or there >= own["wait_for"]:
        return ""
    return (f"commits wait {own['timeout_ms'] / 1000:g} s (rpl_semi_sync_..._timeout) for "
            f"{own['wait_for']} semi-synchronous replicas, of {there} that acknowledge")


def _unlogged(binlog: Row) -> list[str]:
    return [f"{name} = {binlog[name]}" for name in ("binlog_do_db", "binlog_ignore_db")
            if binlog.get(name)]


def _filters(settings: Row, followed: list[Row]) -> list[str]:
    found = [f"{name} = {value}" for row in followed for name, value in row.items()
             if name.startswith("replicate_") and value]
    found += [f"skip_counter = {row['skip_counter']}" for row in followed
              if int(row.get("skip_counter") or 0)]
    for name, usual in (("replicate_events_marked_for_skip", "REPLICATE"),
                        ("replica_skip_errors", "OFF"), ("replica_exec_mode", "STRICT"),
                        ("replicate_rewrite_db", "")):
        if settings.get(name) and str(settings[name]).upper() != usual:
            found.append(f"{name} = {settings[name]}")
    return list(dict.fromkeys(found))


def _semi_sync(settings: Row, status: Row) -> dict[str, Any]:
    def source(name: str, usual: str) -> str:
        return str(settings.get(f"rpl_semi_sync_source_{name}", usual))
    return {"leads": source("enabled", "OFF") == "ON",
            "waits_alone": source("wait_no_replica", "ON") == "ON",
            "wait_for": int(source("wait_for_replica_count", "1")),
            "timeout_ms": int(source("timeout", "0")),
            "replicas": int(status.get("rpl_semi_sync_source_clients") or 0),
            "acknowledges": settings.get("rpl_semi_sync_replica_enabled") == "ON",
            "acknowledging": status.get("rpl_semi_sync_replica_status") == "ON"}


def _kept_sec(settings: Row) -> int:
    """For how many seconds binary logs are kept; 0 for ever."""
    seconds = int(settings.get("binlog_expire_logs_seconds") or 0)
    return seconds or int(float(settings.get("expire_logs_days") or 0) * 86400)
