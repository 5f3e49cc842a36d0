"""Servers from an archive of Debian packages: two versions, unpacked side by side.

They are downloaded by apt once and unpacked without being installed: no root is needed, no service
starts. Which two they are is for apt to say; a number written down would vanish from the archive
with the next update, and so would a digest. What is trusted is the archive's signature: over the
lists, which hold each package's SHA-256. Apt takes nothing that does not fit, whatever this machine
allows it otherwise.
"""
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .cache import directory, locked

APT_SEC = 300
SIGNED = ["APT::Get::AllowUnauthenticated=false", "Acquire::AllowInsecureRepositories=false",
          "Acquire::AllowDowngradeToInsecureRepositories=false"]


@dataclass(frozen=True)
class Archive:
    """The servers of one product, from the sources of packages that this machine has.

    :ivar name: of the cache that they are kept in.
    :ivar title: what people call the product.
    :ivar place: what people call the archive.
    :ivar needs: what apt must have when it offers too little.
    :ivar program: the server, below where its version is unpacked.
    :ivar own: packages in the version that is asked for; apt is asked which there are of the first.
    :ivar needed: packages of what these need beside a bare Debian, in any version.
    :ivar wanted: how many versions, the newest ones.
    """

    name: str
    title: str
    place: str
    needs: str
    program: str
    own: tuple[str, ...]
    needed: tuple[str, ...]
    wanted: int = 2

    def servers(self) -> dict[str, Path]:
        """Version number -> where it is unpacked, as many as wanted, old one first.

        Those in the user's cache are taken without asking anybody.

        :raises RuntimeError: apt can't give so many, or the cache can't be used; what to do.
        """
        cache = directory(self.name)
        with locked(cache):
            found = self._unpacked(cache)
            if len(found) < self.wanted:
                for version, package in self._offered(cache).items():
                    if version not in found:
                        self._unpack(cache, version, package)
                found = self._unpacked(cache)
        return self._newest(found)

    def refresh(self, cache: Path) -> None:
        """Fetch lists of packages of our own: this machine's are root's, and may be old."""
        (cache / "apt/lists/partial").mkdir(parents=True, exist_ok=True)
        self.apt(cache, "apt-get", "update")

    def options(self, cache: Path) -> list[str]:
        """Of every call of apt: without root, and what is signed only; with our own lists once
        there are any."""
        found = ["APT::Sandbox::User=root", "Debug::NoLocking=1", *SIGNED]
        if (own := cache / "apt").exists():
            found += [f"Dir::State::lists={own}/lists", f"Dir::Cache={own}"]
        return found

    def apt(self, cache: Path, command: str, *arguments: str, cwd: Path | None = None) -> str:
        """What a program of apt prints; see :meth:`run`."""
        options = [word for option in self.options(cache) for word in ("-o", option)]
        return self.run(command, *options, *arguments, cwd=cwd)

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """:raises RuntimeError: it is missing or failed; with its last words."""
        try:
            done = subprocess.run(command, cwd=cwd, capture_output=True, text=True,
                                  timeout=APT_SEC, check=False, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RuntimeError(f"the lab's {self.title} servers come from {self.place}: {error}"
                               ) from error
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            words = " ".join([one for one in lines if one.startswith("E:")] or lines[-2:])
            raise RuntimeError(f"{Path(command[0]).name} could not fetch the lab's {self.title} "
                               f"servers from {self.place}: {words}")
        return done.stdout

    def _unpacked(self, cache: Path) -> dict[str, Path]:
        return {path.name: path for path in cache.glob("[0-9]*") if (path / self.program).exists()}

    def _offered(self, cache: Path) -> dict[str, str]:
        """The newest versions that apt offers: version number -> version of the package."""
        found = self._candidates(cache)
        if len(found) < self.wanted:
            self.refresh(cache)
            found = self._candidates(cache)
        if len(found) < self.wanted:
            offered = " and ".join(found) or "nothing"
            number = "two versions" if self.wanted == 2 else "a version"
            raise RuntimeError(f"the lab needs {number} of {self.own[0]} and apt offers "
                               f"{offered}: it needs {self.needs}")
        return self._newest(found)

    def _newest(self, found: dict) -> dict:
        return {version: found[version] for version in sorted(found, key=_numbers)[-self.wanted:]}

    def _candidates(self, cache: Path) -> dict[str, str]:
        lines = self.apt(cache, "apt-cache", "madison", self.own[0]).splitlines()
        packages = [line.split("|")[1].strip() for line in lines if line.count("|") >= 2]
        # 1:10.11.18-0+deb12u1 -> 10.11.18; of several packages of one version the best comes first.
        return {re.sub(r"^\d+:|[-+~].*$", "", package): package for package in reversed(packages)}

    def _unpack(self, cache: Path, version: str, package: str) -> None:
        """Download and unpack one version; it gets its name when it is complete."""
        with tempfile.TemporaryDirectory(dir=cache) as place:
            work = Path(place)
            own = [f"{name}={package}" for name in self.own]
            self.apt(cache, "apt-get", "download", *own, *self.needed, cwd=work)
            root = work / "root"
            for file in sorted(work.glob("*.deb")):
                self.run("dpkg-deb", "--extract", str(file), str(root))
            root.chmod(0o755)
            shutil.rmtree(cache / version, ignore_errors=True)
            root.rename(cache / version)


def environment(root: Path | str) -> dict[str, str]:
    """Variables in which programs of the version unpacked at `root` find each other."""
    root = Path(root)
    libraries = [str(path) for part in ("usr/lib", "lib")
                 for path in root.glob(f"{part}/*-linux-*")]
    programs = [str(root / part) for part in ("usr/sbin", "usr/bin", "sbin", "bin")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries),
            "PATH": ":".join([*programs, os.environ.get("PATH", os.defpath)])}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
