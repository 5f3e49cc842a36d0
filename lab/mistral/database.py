"""Mistral's database: one MariaDB server, of the packages that the lab's own members have."""
import secrets
import subprocess
from contextlib import closing
from pathlib import Path

import pymysql

from ...embedded.ports import free_port
from ..kinds import mariadb
from ..process import LabError
from .daemon import Daemon
from .nobody import give, nobody

NAME = "mistral"
INIT_SQL = """\
create database {name};
create user {name}@'%' identified by '{password}';
grant all on {name}.* to {name}@'%';
"""


class Database:
    """MariaDB on a port of 127.0.0.1, with its files in `directory`/database."""

    def __init__(self, directory: Path):
        self.directory = directory / "database"
        self._port, self._password = free_port(), secrets.token_hex(12)
        self._root = list(mariadb.servers().values())[-1]
        self._process = Daemon("mariadb", directory, [
            f"{self._root}/usr/sbin/mariadbd", "--no-defaults", *self._places(),
            f"--lc-messages-dir={self._root}/usr/share/mysql",
            f"--plugin-dir={self._root}/usr/lib/mysql/plugin",
            f"--socket={self.directory}/mysqld.sock", f"--pid-file={self.directory}/mysqld.pid",
            "--bind-address=127.0.0.1", f"--port={self._port}", "--skip-name-resolve",
            "--max-connections=600", "--innodb-buffer-pool-size=128M", "--performance-schema=OFF",
            f"--init-file={self.directory}/init.sql"],
            env=mariadb.environment(self._root), identity=nobody())

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return f"mysql+pymysql://{NAME}:{self._password}@127.0.0.1:{self._port}/{NAME}"

    def install(self) -> "Database":
        """Make the server's files, and start it with an empty database."""
        for part in ("", "data", "spool"):
            (self.directory / part).mkdir(exist_ok=True)
        init_sql = self.directory / "init.sql"
        init_sql.touch(mode=0o600)
        init_sql.write_text(INIT_SQL.format(name=NAME, password=self._password))
        give(self.directory)
        made = subprocess.run(
            [f"{self._root}/usr/bin/mariadb-install-db", "--no-defaults", *self._places(),
             "--skip-test-db", "--auth-root-authentication-method=normal"],
            cwd=self.directory, env=mariadb.environment(self._root), capture_output=True,
            text=True, check=False, **nobody())
        if made.returncode:
            raise LabError(f"no database for Mistral: {(made.stderr or made.stdout)[-1000:]}")
        self.start()
        init_sql.write_text("")
        return self

    def start(self) -> None:
        """Start it, also where it was killed; returns when it answers."""
        self._process.start().wait(self.answers)

    def stop(self) -> None:
        """Let it end."""
        self._process.stop()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def signal(self, number: int) -> None:
        """Such as SIGSTOP."""
        self._process.signal(number)

    def answers(self) -> bool:
        """Whether Mistral could log in."""
        try:
            return bool(self.ask("select 1"))
        except pymysql.Error:
            return False

    def ask(self, statement: str, *values: object) -> list[tuple]:
        """The rows of a statement of Mistral's own user."""
        connection = pymysql.connect(
            host="127.0.0.1", port=self._port, user=NAME, password=self._password, database=NAME,
            autocommit=True, connect_timeout=5, read_timeout=60)
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def _places(self) -> list[str]:
        return [f"--basedir={self._root}/usr", f"--datadir={self.directory}/data",
                f"--tmpdir={self.directory}/spool"]
