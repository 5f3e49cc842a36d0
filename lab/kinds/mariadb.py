"""The MariaDB servers of the lab: two versions from Debian's archive, unpacked side by side.

Debian's stable and its security archive offer different versions most of the time. Both are
downloaded by apt once and unpacked without being installed: no root is needed, no service starts.
Which two they are is for apt to say; a number written down here would vanish from the archive at
the next point release.
"""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .cache import directory, locked

# Of MariaDB's own source package, so in the version that is asked for.
OWN = ("mariadb-server", "mariadb-server-core", "mariadb-client", "mariadb-client-core",
       "mariadb-backup", "mariadb-common")
# What they need beside a bare Debian: Galera, the programs of a state transfer, libraries.
NEEDED = ("galera-4", "rsync", "socat", "lsof", "libaio1", "liburing2", "libnuma1", "libpopt0",
          "libsnappy1v5", "libxxhash0", "libwrap0", "libpcre2-8-0", "libedit2", "libbsd0", "libmd0",
          "libncurses6")
APT_SEC = 300


def servers() -> dict[str, Path]:
    """Version number -> where it is unpacked (below it ``usr/sbin/mariadbd``), two, old one first.

    Those in the user's cache are taken without asking anybody.

    :raises RuntimeError: apt can't give two versions, or the cache can't be used; what to do.
    """
    cache = directory("mariadb")
    with locked(cache):
        found = _unpacked(cache)
        if len(found) < 2:
            for version, package in _offered(cache).items():
                if version not in found:
                    _unpack(cache, version, package)
            found = _unpacked(cache)
    return {version: found[version] for version in sorted(found, key=_numbers)[-2:]}


def environment(root: Path | str) -> dict[str, str]:
    """Variables in which programs of the version unpacked at `root` find each other."""
    root = Path(root)
    libraries = [str(path) for part in ("usr/lib", "lib")
                 for path in root.glob(f"{part}/*-linux-*")]
    programs = [str(root / part) for part in ("usr/sbin", "usr/bin", "sbin", "bin")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries),
            "PATH": ":".join([*programs, os.environ.get("PATH", os.defpath)])}


def _unpacked(cache: Path) -> dict[str, Path]:
    return {path.name: path for path in cache.glob("[0-9]*")
            if (path / "usr/sbin/mariadbd").exists()}


def _unpack(cache: Path, version: str, package: str) -> None:
    """Download and unpack one version; it gets its name when it is complete."""
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        work = Path(directory)
        own = [f"{name}={package}" for name in OWN]
        _apt(cache, "apt-get", "download", *own, *NEEDED, cwd=work)
        root = work / "root"
        for file in sorted(work.glob("*.deb")):
            _run("dpkg-deb", "--extract", str(file), str(root))
        root.chmod(0o755)
        shutil.rmtree(cache / version, ignore_errors=True)
        root.rename(cache / version)


def _offered(cache: Path) -> dict[str, str]:
    """The two newest versions that apt offers: version number -> version of the package."""
    found = _candidates(cache)
    if len(found) < 2:
        _apt(cache, "apt-get", "update", own_lists=True)
        found = _candidates(cache)
    if len(found) < 2:
        offered = " and ".join(found) or "nothing"
        raise RuntimeError(
            f"the lab needs two versions of mariadb-server and apt offers {offered}: it needs the "
            "sources of a Debian release and of its security archive")
    return {version: found[version] for version in sorted(found, key=_numbers)[-2:]}


def _candidates(cache: Path) -> dict[str, str]:
    lines = _apt(cache, "apt-cache", "madison", "mariadb-server").splitlines()
    packages = [line.split("|")[1].strip() for line in lines if line.count("|") >= 2]
    # 1:10.11.18-0+deb12u1 -> 10.11.18; of several packages of one version apt names the best first.
    return {re.sub(r"^\d+:|[-+~].*$", "", package): package for package in reversed(packages)}


def _apt(cache: Path, *command: str, cwd: Path | None = None, own_lists: bool = False) -> str:
    """Run apt without root; with lists of packages of its own once it had to fetch them."""
    lists = cache / "apt"
    options = ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]
    if own_lists or lists.exists():
        (lists / "lists/partial").mkdir(parents=True, exist_ok=True)
        options += ["-o", f"Dir::State::lists={lists}/lists", "-o", f"Dir::Cache={lists}"]
    return _run(command[0], *options, *command[1:], cwd=cwd)


def _run(*command: str, cwd: Path | None = None) -> str:
    """:raises RuntimeError: it is missing or failed; with its last words."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=APT_SEC,
                              check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"the lab's MariaDB servers come from Debian's archive: {error}"
                           ) from error
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).strip().splitlines()[-2:])
        raise RuntimeError(f"{command[0]} could not fetch the lab's MariaDB servers: {words}")
    return done.stdout


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
