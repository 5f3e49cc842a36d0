"""What one lab is made of: a small file that its Trove process and its user both read."""
import json
import random
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .files import write_atomically
from .kinds import kind

FILE = "settings.json"
PERSISTENCE = ("rdb", "none", "aof")


@dataclass
class Settings:
    """All times in seconds unless the name says otherwise."""

    network: str = ""                 # first three bytes of the members' addresses: "127.A.B"
    port: int = 0                     # of every member; the cluster bus has bus_port
    bus_port: int = 0
    kind: str = "redis"               # of the guests: a name of kinds/
    tenant: str = "demo"              # project, token and user of the lab's client
    swap_sec: float = 3.0             # between the old server's end and the new one's start
    heartbeat_sec: float = 2.0
    stop_timeout_sec: float = 15.0    # SIGTERM, then SIGKILL; Valkey itself may take 10
    persistence: str = "rdb"
    node_timeout_ms: int = 2000
    password: str = ""                # of the members' servers; empty: none
    binaries: dict[str, str] = field(default_factory=dict)   # by version, the old one first
    keystone: bool = False            # real Keystone, else Trove's stand-in (token = tenant)
    tls: tuple[str, ...] = ()         # certificate and key of Trove's API; none: HTTP
    rest: bool = False                # with this pack's routes in Trove's API
    remove: str = ""                  # directory to remove when the lab's maker has died
    layouts: dict[str, int] = field(default_factory=dict)   # cluster name -> its kind's layout

    def __post_init__(self) -> None:
        if self.persistence not in PERSISTENCE:
            raise ValueError(f"persistence is {self.persistence!r}, not one of {PERSISTENCE}")

    @property
    def old(self) -> str:
        """The version that clusters are made of."""
        return next(iter(self.binaries))

    @property
    def new(self) -> str:
        """The version that they are upgraded to."""
        return list(self.binaries)[-1]

    @classmethod
    def choose(cls, **options) -> "Settings":
        """Settings with a free network and ports, so that labs run side by side."""
        network, port = free_network()
        chosen = {"network": network, "port": port, "bus_port": port + 1,
                  "binaries": kind(options.get("kind", "redis")).binaries(), **options}
        return cls(**chosen)

    @classmethod
    def load(cls, directory: Path) -> "Settings":
        return cls(**json.loads((directory / FILE).read_text()))

    def save(self, directory: Path) -> None:
        write_atomically(directory / FILE, json.dumps(asdict(self), indent=1),
                         mode=0o600)      # it may hold a password


def free_network(tries: int = 50) -> tuple[str, int]:
    """("127.A.B", port): a loopback /24 and a port that nothing listens on."""
    choice = random.SystemRandom()
    for _ in range(tries):
        network = f"127.{choice.randint(1, 250)}.{choice.randint(1, 250)}"
        port = _choose_port()
        if all(_is_free(f"{network}.{host}", each)
               for host in (11, 16) for each in (port, port + 1)):
            return network, port
    raise RuntimeError(f"no free loopback network and port found in {tries} tries")


def _choose_port() -> int:
    # Below Linux's range for outgoing connections, which would take the port now and then.
    return random.SystemRandom().randrange(20000, 30000, 2)


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
