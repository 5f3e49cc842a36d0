"""Access files: how the executors reach the members' servers, and whose clusters they may be used
for.

A file `<name>.yaml` below `access_dir` maps names of drivers to their settings. It belongs to the
projects that it lists (`projects`: ids, or `all`), and to some of their clusters only where it
lists these, too (`clusters`: ids). One that lists no projects is nobody's. An engine of one user
(`auth = cloud`) reads the user's own files for the user's own clusters, so there all may be used.

A section may name a secret of Barbican as its `password_secret`. Only files can: no input of a run
names a secret, as none names a password.
"""
import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Any

import yaml

from ..datastores.access import Password, text_of
from ..planning.documents import Job
from ..schemas import UpgradeError, complaints
from ..schemas.errors import RETRY
from . import barbican
from .config import options
from .sessions import Actor

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
ALL = "all"
OWNERS = {"projects", "clusters"}       # the keys that name no driver


def exists(name: str) -> bool:
    """Whether there is such an access file here; only one named ``default`` may be missing."""
    return read(name, Path(options().access_dir)) is not None


def section(name: str, driver: str, project_id: str, cluster_id: str) -> dict[str, Any]:
    """The driver's section of the access file ``name``; empty when there is no file ``default``.

    :param project_id: of the run.
    :param cluster_id: the cluster's, or the replication set's, as Trove tells it.
    :raises UpgradeError: code ``bad_access_file``; ``foreign_access_file``: the file is not for
        this project or cluster.
    """
    content = read(name, Path(options().access_dir))
    if content is None:
        return {}
    if options().auth != "cloud":
        _check_owner(name, content, project_id, cluster_id)
    return _of_driver(name, content, driver)


def _of_driver(name: str, content: dict[str, Any], driver: str) -> dict[str, Any]:
    found = content.get(driver, {})
    if not isinstance(found, dict):
        raise _bad(name, "must map driver names to settings.")
    if wrong := complaints("access", found):
        raise _bad(name, f"is not understood: {driver}: {' '.join(wrong)}")
    return found


def check(name: str, directory: Path) -> None:
    """Make sure that the file, whoever it is for, is understood in all its sections.

    :raises UpgradeError: code ``bad_access_file``.
    """
    content = read(name, directory) or {}
    for driver in content.keys() - OWNERS:
        _of_driver(name, content, driver)


def settings(name: str, driver: str, project_id: str, cluster_id: str,
             actor: Actor | None = None) -> dict[str, Any]:
    """The same, with the password of the secret that the section names.

    :param actor: in whose name Barbican is asked.
    """
    found = section(name, driver, project_id, cluster_id)
    return _with_password(name, found, actor) if "password_secret" in found else found


def _with_password(name: str, section: dict[str, Any], actor: Actor | None) -> dict[str, Any]:
    if section.get("password_file"):
        raise _bad(name, "names a password_file and a password_secret; it must name one.")
    if actor is None or options().auth == "service":
        raise _bad(name, "names a password_secret, which is read in the caller's name; with auth = "
                   "service there is none. Name a password_file.")
    return section | {"password_secret": Password(
        barbican.password(actor, section["password_secret"]))}


def of_job(job: Job) -> dict[str, Any]:
    """See :func:`section`, for a run that has a plan."""
    return section(job["access"], job["driver"], job["project_id"], job["cluster_id"])


def fingerprint(name: str, salt: str = "") -> str:
    """``salt:digest`` of the file's bytes, which tells whether two executors have the same.

    Salted, because a plain digest of a file is the same everywhere; who sees the salt can still
    guess, so it is shown to nobody but the service user.

    :param salt: of the fingerprint that is to be compared with; a new one when empty.
    """
    salt = salt or secrets.token_hex(16)
    try:
        content = _path(name, Path(options().access_dir)).read_bytes()
    except OSError:
        content = b""
    return f"{salt}:{hmac.new(salt.encode(), content, hashlib.sha256).hexdigest()}"


def check_pinned(job: Job) -> None:
    """Refuse to work by another access file than the run began with, or without the one that it
    began with: nothing in the place of a file would be taken for a file that says nothing.

    :raises UpgradeError: code ``access_file_differs``, class retry: another executor may have it.
    """
    name, wanted = job["access"], job.get("access_fingerprint", "")
    same = not wanted or hmac.compare_digest(fingerprint(name, wanted.partition(":")[0]), wanted)
    if not same or job.get("access_file", False) and not exists(name):
        raise UpgradeError("access_file_differs", f"The access file {name!r} of this executor is "
                           "not the one that the run began with. Let all executors have the same, "
                           "and change it only while no upgrade runs.", RETRY)


def read(name: Any, directory: Path) -> dict[str, Any] | None:
    """The whole file, whoever it is for; None when there is no file ``default``.

    :raises UpgradeError: code ``bad_access_file``.
    """
    path = _path(name, directory)
    try:
        content = yaml.safe_load(text_of(path)) or {}
    except FileNotFoundError:
        if name == "default":
            return None
        raise UpgradeError("bad_access_file", f"There is no access file named {name!r} on the "
                           "executors.", "stop") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise _bad(name, f"can't be read: {words}.") from None
    if not isinstance(content, dict):
        raise _bad(name, "must map driver names to settings.")
    return content


def _path(name: Any, directory: Path) -> Path:
    """Where the file stands; a name with a path in it names no file."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UpgradeError("bad_access_file", "The name of an access file has letters, digits, - "
                           "and _ only: it names no path.", "stop")
    directory = directory.resolve()
    path = (directory / f"{name}.yaml").resolve()
    if not path.is_relative_to(directory):
        raise _bad(name, "leads out of the directory of access files.")
    return path


def _check_owner(name: str, content: dict[str, Any], project_id: str, cluster_id: str) -> None:
    """Who is not named is kept out; neither the owners nor the content are told."""
    projects, clusters = content.get("projects", []), content.get("clusters", ALL)
    if any(value != ALL and not isinstance(value, list) for value in (projects, clusters)):
        raise _bad(name, f"must list ids as projects and clusters, or say {ALL}.")
    if not (project_id and _holds(projects, project_id) and _holds(clusters, cluster_id)):
        raise UpgradeError("foreign_access_file", f"The access file {name!r} is not for project "
                           f"{project_id} and cluster {cluster_id}. Name another one (access), or "
                           "let the operator list the project in it (projects).", "stop")


def _holds(listed: list[Any] | str, one: str) -> bool:
    return listed == ALL or one in listed


def _bad(name: str, what: str) -> UpgradeError:
    return UpgradeError("bad_access_file", f"The access file {name!r} {what}", "stop")
