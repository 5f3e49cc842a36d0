"""HAProxy before the APIs: one URL for all, and an API that is away is passed over."""
from contextlib import suppress
from pathlib import Path

import requests

from ...embedded.ports import free_port
from ..files import write_atomically
from ..kinds.archive import Archive, environment
from .daemon import Daemon

ARCHIVE = Archive("haproxy", "HAProxy", "Debian's archive", "the sources of a Debian release",
                  "usr/sbin/haproxy", own=("haproxy",),
                  needed=("liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"), wanted=1)
# A request is sent to the other API only while nothing of it has been sent: none is done twice.
CONFIGURATION = """\
global
  maxconn 500
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 120s
  retries 3
  retry-on conn-failure
  option redispatch 1
  option httpchk GET /
  http-check expect status 200,300,401
frontend mistral
  bind 127.0.0.1:{port}
  default_backend apis
backend apis
  balance roundrobin
  default-server check inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
"""


class Proxy:
    """HAProxy on a port of 127.0.0.1; `apis` are names and ports of those behind it."""

    def __init__(self, directory: Path, apis: dict[str, int]):
        self._port, self._file = free_port(), directory / "haproxy.cfg"
        lines = [f"  server {name} 127.0.0.1:{port}" for name, port in apis.items()]
        write_atomically(self._file, CONFIGURATION.format(port=self._port)
                         + "\n".join(lines) + "\n")
        root = next(iter(ARCHIVE.servers().values()))
        self._process = Daemon("haproxy", directory, [
            f"{root}/usr/sbin/haproxy", "-db", "-f", str(self._file)], env=environment(root))

    @property
    def url(self) -> str:
        """Of Mistral's API, for everybody."""
        return f"http://127.0.0.1:{self._port}/v2"

    def start(self) -> None:
        """Start it."""
        self._process.start()

    def wait(self) -> None:
        """Return when an API answers through it: it looks itself which of them are there."""
        self._process.wait(self._answers)

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(self.url, timeout=5).status_code < 500
        return False

    def stop(self) -> None:
        """End it: then there is no API for anybody."""
        self._process.kill()
