"""How a Redis or Valkey Cluster member is asked: the only module here that opens a connection."""
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from ..base import DatastoreError, Member
from ..servers import AskedAtOnce

TIMEOUT_SEC = 2.0
SETTINGS = ("save", "appendonly", "aof-use-rdb-preamble", "repl-diskless-sync")


class Servers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file, tls, ca_file."""

    def __init__(self, access: dict[str, Any]):
        self._access = access

    @contextmanager
    def connect(self, member: Member):
        """A client of one member; every failure of the library becomes a DatastoreError."""
        client = redis.Redis(host=member.address, **self._arguments())
        try:
            yield client
        except redis.AuthenticationError as error:
            raise DatastoreError("access_refused", f"{member.name} refuses the credentials: "
                                 f"{error}", instance=member.id) from error
        except redis.RedisError as error:
            raise DatastoreError("no_answer", f"{member.name}: {error}", passing=True,
                                 instance=member.id) from error
        finally:
            client.close()

    def ask(self, member: Member) -> dict[str, Any]:
        """``{info, cluster, nodes, myself, settings}``, or ``{error, code}`` when it is silent."""
        try:
            with self.connect(member) as client:
                pipe = client.pipeline(transaction=False)
                pipe.info("all")
                pipe.execute_command("CLUSTER INFO")
                pipe.execute_command("CLUSTER NODES")
                pipe.execute_command("CLUSTER MYID")
                for name in SETTINGS:
                    pipe.config_get(name)
                info, cluster, nodes, myself, *settings = pipe.execute()
        except DatastoreError as error:
            return {"error": error.message, "code": error.code}
        return {"info": info, "cluster": cluster, "nodes": nodes, "myself": myself,
                "settings": {key: value for pair in settings for key, value in pair.items()}}

    def _arguments(self) -> dict[str, Any]:
        access = self._access
        arguments: dict[str, Any] = {
            "port": int(access.get("port", 6379)), "username": access.get("username"),
            "socket_timeout": TIMEOUT_SEC, "socket_connect_timeout": TIMEOUT_SEC,
            "decode_responses": True, "retry": None, "lib_name": None, "lib_version": None}
        if access.get("password_file"):
            secret = Path(access["password_file"]).read_text(encoding="utf-8")
            arguments["password"] = secret.strip()
        if access.get("tls"):
            arguments |= {"ssl": True, "ssl_ca_certs": access.get("ca_file")}
        return arguments
