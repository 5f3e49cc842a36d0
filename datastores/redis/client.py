"""How a Redis or Valkey Cluster member is asked: the only module here that opens a connection."""
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.maint_notifications import MaintNotificationsConfig

from .. import access
from ..base import DatastoreError, Member
from ..servers import AskedAtOnce
from ..watch import Watch

SETTINGS = ("save", "appendonly", "aof-use-rdb-preamble", "repl-diskless-sync")
# What a member is made for. The patterns hold the old names, too, which say slave for replica.
CONFIG = ("min-*-to-write", "min-*-max-lag", "*-priority", "cluster-*-no-failover")


class Connection(redis.Connection):
    """The stock one, watched, and with TLS by a context.

    The stock one with TLS trusts the system's authorities beside the one that it is told.
    """

    def __init__(self, watch: Watch, tls: ssl.SSLContext | None, **options: Any):
        super().__init__(**options)
        self._watch, self._tls = watch, tls

    def _connect(self):
        wire = super()._connect()
        self._watch.add(wire.fileno())
        return self._tls.wrap_socket(wire, server_hostname=self.host) if self._tls else wire


class Servers(AskedAtOnce):
    """Connections to members, by the access file: port, username, password_file,
    allow_cleartext_password, tls, ca_file, check_name, cert_file, key_file."""

    default_port = 6379
    library = (redis.RedisError,)

    @contextmanager
    def session(self, address: str, watch: Watch, timeout_sec: float) -> Iterator[redis.Redis]:
        """A client of one member."""
        client = redis.Redis.from_pool(redis.ConnectionPool(
            connection_class=Connection, host=address, watch=watch,
            **self._arguments(timeout_sec)))
        try:
            yield client
        finally:
            client.close()

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        return access.failure(member, error, error, isinstance(error, redis.AuthenticationError))

    def answer(self, member: Member) -> dict[str, Any]:
        """``{info, cluster, nodes, myself, settings, config, modules}``."""
        with self.connect(member) as client:
            pipe = client.pipeline(transaction=False)
            # The library keys its own reading by address, which two nodes may share.
            pipe.set_response_callback("CLUSTER NODES", lambda text, **_: text)
            pipe.info("all")
            pipe.execute_command("CLUSTER INFO")
            pipe.execute_command("CLUSTER NODES")
            pipe.execute_command("CLUSTER MYID")
            pipe.info("modules")
            for name in (*SETTINGS, *CONFIG):
                pipe.config_get(name)
            info, cluster, nodes, myself, loaded, *told = pipe.execute()
        values = {key.replace("slave", "replica"): value
                  for pair in told for key, value in pair.items()}
        settings = {name: values[name] for name in SETTINGS if name in values}
        return {"info": info, "cluster": cluster, "nodes": nodes, "myself": myself,
                "settings": settings, "config": values,
                "modules": loaded.get("modules", [])}

    def _arguments(self, timeout_sec: float) -> dict[str, Any]:
        chosen, secret = self._access, access.password(self._access)
        # AUTH and HELLO tell it as it is: there is no other login.
        if secret is not None and not access.may_reveal(chosen, otherwise=True):
            raise access.Revealing()
        return {
            "port": self._port(), "username": chosen.get("username"), "password": secret,
            "socket_timeout": timeout_sec, "socket_connect_timeout": timeout_sec,
            "decode_responses": True, "retry": None, "lib_name": None, "lib_version": None,
            # With them a server could send the client, and the password, elsewhere.
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
            "tls": access.tls(chosen)}
