"""What a Galera member is asked, and the program that upgrades its system tables."""
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pymysql.cursors import Cursor

from .. import access
from ..addresses import usable
from ..base import DatastoreError, Member
from ..foreign import shown
from ..mysql import MySQLServers, ask_plugins

PROGRAM_SEC = 3600.0
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}     # in an option file
VARIABLES = ("version", "version_comment", "wsrep_provider_options",
             "innodb_flush_log_at_trx_commit", "innodb_fast_shutdown", "wsrep_reject_queries",
             "wsrep_on", "read_only", "max_connections")
# Readable also while the member is not ready. UNIX_TIMESTAMP() is of the same instant as UPTIME,
# so their difference is exactly when the server was started.
STATUS = ("SELECT VARIABLE_NAME, VARIABLE_VALUE, UNIX_TIMESTAMP() FROM {}.GLOBAL_STATUS WHERE "
          "VARIABLE_NAME LIKE 'wsrep%%' OR VARIABLE_NAME IN ('UPTIME', 'THREADS_CONNECTED')")


class Servers(MySQLServers):
    """See :class:`MySQLServers`."""

    rows = Cursor

    def answer(self, member: Member) -> dict[str, Any]:
        """``{variables, status, now, plugins}``: names are in lower case, values are text; now
        is unix time by the member's clock."""
        with self.connect(member) as cursor:
            marks = ", ".join(["%s"] * len(VARIABLES))
            cursor.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({marks})", VARIABLES)
            variables = dict(cursor.fetchall())
            schema = ("information_schema" if "MariaDB" in variables.get("version", "")
                      else "performance_schema")
            cursor.execute(STATUS.format(schema), ())
            rows = cursor.fetchall()
            plugins = ask_plugins(cursor)
        return {"variables": variables, "now": int(rows[0][2]), "plugins": plugins,
                "status": {name.lower(): value for name, value, _ in rows}}

    def upgrade_tables(self, member: Member, program: str) -> None:
        """Run `mariadb-upgrade` against the member; changes nothing where nothing is old.

        :raises DatastoreError: code ``tables_not_upgraded``, with its last words.
        """
        with tempfile.TemporaryDirectory() as directory:
            options = Path(directory, "client.cnf")
            options.touch(mode=0o600)
            options.write_text(self._option_file(member, directory), encoding="utf-8")
            try:
                done = subprocess.run([program, f"--defaults-file={options}"], text=True,
                                      errors="replace", stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=PROGRAM_SEC, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise self._not_upgraded(member, program, type(error).__name__) from error
        if done.returncode:
            words = shown(" ".join((done.stderr or done.stdout).strip().splitlines()[-2:]),
                          access.WORDS_LIMIT)
            raise self._not_upgraded(member, program, words)

    @staticmethod
    def _not_upgraded(member: Member, program: str, words: str) -> DatastoreError:
        return DatastoreError("tables_not_upgraded", f"{Path(program).name} failed on "
                              f"{member.name}: {words}. Finalise again when that is mended.",
                              instance=member.id)

    def _option_file(self, member: Member, plugins: str) -> str:
        """What the program is told.

        :param plugins: a directory without plugins. Those that would reveal the password are
            plugins, so without TLS none is loaded.
        """
        chosen = self._access
        options = {
            "host": usable(member, chosen), "port": str(self._port()), "protocol": "tcp",
            "user": chosen.get("username") or "", "password": access.password(chosen) or "",
            "loose-local-infile": "0"}
        if access.tls(chosen):
            options |= {"ssl": "1"}
            options |= {"ssl-ca": chosen["ca_file"]} if chosen.get("ca_file") else {}
            options |= {"ssl-verify-server-cert": "1"} if access.checks_name(chosen) else {}
            if own := access.own_certificate(chosen):
                options |= {"ssl-cert": own[0], "ssl-key": own[1]}
        elif not access.may_reveal(chosen):
            options["plugin-dir"] = plugins
        lines = [f"{name}={_quoted(value)}" for name, value in options.items()]
        return "\n".join(["[client]", *lines]) + "\n"


def _quoted(text: str) -> str:
    """A text as a value of an option file for MariaDB's programs, on one line."""
    for plain, written in ESCAPES.items():
        text = text.replace(plain, written)
    return f'"{text}"'


