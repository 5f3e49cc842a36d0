"""The MySQL servers of the lab, from Ubuntu's archive: Debian has none.

That archive is used only by who asks for it: the variable ``SWITCH`` set to 1. Without it nothing
is fetched from there, and what was fetched before is not used.

Ubuntu 22.04's run on the libraries of Debian 12. The release as it was published holds 8.0.28 for
ever, its updates the newest 8.0.

Who is trusted: apt takes nothing that Ubuntu's archive has not signed. Where the machine has not
its keys, they come from that release's package of them, which is known here by its SHA-256. That
number stands in the release's signed list, and the signature is one by a key (871920D1991BC93C, of
2018) that Debian 13's own signed package ubuntu-keyring holds, too.
"""
import os
from dataclasses import dataclass
from pathlib import Path

from .archive import Archive, environment

__all__ = ["ARCHIVE", "environment", "servers"]

SWITCH = "TROVE_UPGRADE_UBUNTU_ARCHIVE"
RELEASE = "jammy"
URL, PORTS_URL = "http://archive.ubuntu.com/ubuntu", "http://ports.ubuntu.com/ubuntu-ports"
KEYRING = Path("usr/share/keyrings/ubuntu-archive-keyring.gpg")
KEYRING_PACKAGE = "pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb"
KEYRING_SHA256 = "0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f"
HELPER = "/usr/lib/apt/apt-helper"


def installed_keyring() -> Path:
    """Where the keys are on a machine that has them."""
    return "/" / KEYRING


@dataclass(frozen=True)
class UbuntuArchive(Archive):
    """Servers from a release of Ubuntu, with sources and keys of our own, on any Debian.

    :ivar component: of the archive, that has their packages.
    """

    component: str = "main"

    def servers(self) -> dict[str, Path]:
        """As any archive's.

        :raises RuntimeError: also when nobody has asked for Ubuntu's archive.
        """
        if os.environ.get(SWITCH) != "1":
            raise RuntimeError(f"the lab's {self.title} servers come from {self.place}, which is "
                               f"used only when {SWITCH}=1 asks for it (docs/lab.md)")
        return super().servers()

    def _offered(self, cache: Path) -> dict[str, str]:
        self.refresh(cache)                  # its updates move on, and take the last ones away
        return super()._offered(cache)

    def refresh(self, cache: Path) -> None:
        own = cache / "apt"
        own.mkdir(exist_ok=True)
        architecture = self.run("dpkg", "--print-architecture").strip()
        url = URL if architecture in ("amd64", "i386") else PORTS_URL
        trusted = f"[arch={architecture} signed-by={self._keyring(own, url)}]"
        components = " ".join(sorted({"main", self.component}))
        (own / "sources.list").write_text("".join(
            f"deb {trusted} {url} {suite} {components}\n"
            for suite in (RELEASE, f"{RELEASE}-updates")))
        super().refresh(cache)

    def options(self, cache: Path) -> list[str]:
        own = cache / "apt"
        return [*super().options(cache), f"Dir::Etc::sourcelist={own}/sources.list",
                "Dir::Etc::sourceparts=-", "Dir::State::status=/dev/null",
                "Acquire::Languages=none", "APT::Update::Error-Mode=any"]

    def _keyring(self, own: Path, url: str) -> Path:
        """Where the archive's keys are."""
        if (installed := installed_keyring()).exists():
            return installed
        if not (own / KEYRING).exists():
            package = own / "keyring.deb"
            self.run(HELPER, "-o", "APT::Sandbox::User=root", "download-file",
                     f"{url}/{KEYRING_PACKAGE}", str(package), f"SHA256:{KEYRING_SHA256}")
            self.run("dpkg-deb", "--extract", str(package), str(own))
        return own / KEYRING


ARCHIVE = UbuntuArchive(
    "mysql", "MySQL", "Ubuntu's archive",
    f"the lists of Ubuntu's {RELEASE} and {RELEASE}-updates", "usr/sbin/mysqld",
    own=("mysql-server-core-8.0",),
    needed=("libevent-core-2.1-7", "libevent-pthreads-2.1-7", "libicu70", "libprotobuf-lite23",
            "libaio1", "libnuma1", "liblz4-1"))
servers = ARCHIVE.servers
