"""How a Redis or Valkey Cluster member is asked: the only module here that opens a connection."""
import ssl
from contextlib import contextmanager
from typing import Any

import redis

from .. import access
from ..base import Member
from ..servers import AskedAtOnce

TIMEOUT_SEC = 2.0
SETTINGS = ("save", "appendonly", "aof-use-rdb-preamble", "repl-diskless-sync")
# What a member is made for. The patterns hold the old names, too, which say slave for replica.
CONFIG = ("min-*-to-write", "min-*-max-lag", "*-priority", "cluster-*-no-failover")


class TLSConnection(redis.Connection):
    """TLS by a context: the stock one trusts the system's authorities beside the one it is told."""

    def __init__(self, tls: ssl.SSLContext, **options: Any):
        super().__init__(**options)
        self._tls = tls

    def _connect(self):
        return self._tls.wrap_socket(super()._connect(), server_hostname=self.host)


class Servers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file, tls, ca_file,
    check_name, cert_file, key_file."""

    default_port = 6379

    @contextmanager
    def connect(self, member: Member):
        """A client of one member; every failure of the library becomes a DatastoreError."""
        client = redis.Redis.from_pool(redis.ConnectionPool(host=member.address,
                                                            **self._arguments()))
        try:
            yield client
        except redis.RedisError as error:
            refused = isinstance(error, redis.AuthenticationError)
            raise access.failure(member, error, error, refused) from error
        finally:
            client.close()

    def answer(self, member: Member) -> dict[str, Any]:
        """``{info, cluster, nodes, myself, settings, config}``."""
        with self.connect(member) as client:
            pipe = client.pipeline(transaction=False)
            # The library keys its own reading by address, which two nodes may share.
            pipe.set_response_callback("CLUSTER NODES", lambda text, **_: text)
            pipe.info("all")
            pipe.execute_command("CLUSTER INFO")
            pipe.execute_command("CLUSTER NODES")
            pipe.execute_command("CLUSTER MYID")
            for name in (*SETTINGS, *CONFIG):
                pipe.config_get(name)
            info, cluster, nodes, myself, *told = pipe.execute()
        values = {key.replace("slave", "replica"): value
                  for pair in told for key, value in pair.items()}
        settings = {name: values[name] for name in SETTINGS if name in values}
        return {"info": info, "cluster": cluster, "nodes": nodes, "myself": myself,
                "settings": settings, "config": values}

    def _arguments(self) -> dict[str, Any]:
        chosen, tls = self._access, access.tls(self._access)
        return {
            "port": self._port(), "username": chosen.get("username"),
            "password": access.password(chosen),
            "socket_timeout": TIMEOUT_SEC, "socket_connect_timeout": TIMEOUT_SEC,
            "decode_responses": True, "retry": None, "lib_name": None, "lib_version": None,
            **({"connection_class": TLSConnection, "tls": tls} if tls else {})}
