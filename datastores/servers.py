"""What the drivers' clients have in common: who is asked, for how long, and what a failure means.

Members are not trusted: a tenant may control what answers. So every question to one goes through
:meth:`AskedAtOnce.connect`, which bounds what it may cost, and whatever goes wrong there is a
:class:`DatastoreError` about that member.
"""
import abc
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from . import access
from .addresses import endpoint_of, usable
from .base import ClusterFacts, DatastoreError, Driver, Member
from .watch import LIMIT_BYTES, Watch

AT_ONCE = 16
TIMES = 3           # so many times as long as it may be silent a member may take in all
GRACE_SEC = 2.0     # for a client library to see that a connection was shut

Answers = dict[str, dict[str, Any]]
Build = Callable[[list[Member], Answers], ClusterFacts]
Asked = Future[dict[str, Any]]
# Questions that were not over in time, so that nobody keeps more than one thread of ours busy.
left: dict[tuple[str, ...], Asked] = {}


class AskedAtOnce(abc.ABC):
    """The servers of a cluster or a replication set, each asked on a connection of its own.

    :cvar default_port: where a server listens when the access file names no ``port``.
    :cvar timeout_sec: how long a member may be silent.
    :cvar limit_bytes: how much a member may answer to one question.
    :cvar library: the errors of the client library whose words are for people.
    """

    default_port: int
    timeout_sec = 2.0
    limit_bytes = LIMIT_BYTES
    library: tuple[type[Exception], ...] = ()

    def __init__(self, access: dict[str, Any]):
        """:param access: the section of the access file for this driver."""
        self._access = access

    def session(self, address: str, watch: Watch, timeout_sec: float
                ) -> AbstractContextManager[Any]:
        """The library's client of one member.

        :param address: an IP address.
        :param watch: is told of every connection before anything is read from it.
        :param timeout_sec: how long the member may be silent.
        """
        raise NotImplementedError

    @abc.abstractmethod
    def answer(self, member: Member) -> dict[str, Any]:
        """What one member says, in the words of its datastore.

        :raises DatastoreError: it is unreachable, or refuses.
        """

    def failure(self, member: Member, error: Exception) -> DatastoreError:
        """What an error of :attr:`library` means."""
        return access.failure(member, error, error, refused=False)

    @contextmanager
    def connect(self, member: Member, timeout_sec: float = 0.0) -> Iterator[Any]:
        """The library's client of one member, for the time of the block; see :meth:`session`.

        :param timeout_sec: how long the member may be silent; without it :attr:`timeout_sec`. The
            whole block may last :data:`TIMES` as long.
        :raises DatastoreError: whatever goes wrong, without secrets.
        """
        seconds = timeout_sec or self.timeout_sec
        with Watch(TIMES * seconds, self.limit_bytes) as watch, self._blamed(member, watch), \
                self.session(usable(member, self._access), watch, seconds) as client:
            yield client

    def ask(self, member: Member) -> dict[str, Any]:
        """What one member says; ``{error, code}`` in place of an exception."""
        try:
            with self._blamed(member):
                return self.answer(member)
        except DatastoreError as error:
            return _unheard(error)

    def ask_all(self, members: list[Member]) -> Answers:
        """What each member says, by its id; see :meth:`ask`.

        Who is not done in time is left behind, and not asked again before that question is over.
        """
        pool = ThreadPoolExecutor(min(AT_ONCE, len(members) or 1))
        asked = {member.id: self._left(member) or pool.submit(self.ask, member)
                 for member in members}
        turns = math.ceil(len(members) / AT_ONCE)
        wait(asked.values(), turns * (TIMES * self.timeout_sec + GRACE_SEC))
        pool.shutdown(wait=False, cancel_futures=True)
        left.update({self._key(member): asked[member.id] for member in members
                     if asked[member.id].running()})
        return {member.id: self._result(member, asked[member.id]) for member in members}

    def _result(self, member: Member, asked: Asked) -> dict[str, Any]:
        if asked.done() and not asked.cancelled():
            return asked.result()
        return _unheard(self._no_answer(member, "has not answered in time"))

    def _left(self, member: Member) -> Asked | None:
        """The earlier question to this server that is not over yet."""
        earlier = left.pop(self._key(member), None)
        return earlier if earlier and earlier.running() else None

    def _key(self, member: Member) -> tuple[str, ...]:
        return type(self).__module__, str(member.address), str(self._access.get("port"))

    @contextmanager
    def _blamed(self, member: Member, watch: Watch | None = None) -> Iterator[None]:
        """The one place where whatever goes wrong becomes the member's problem."""
        try:
            yield
        except Exception as error:
            if watch and watch.reason:
                raise self._no_answer(member, watch.reason) from error
            if isinstance(error, DatastoreError):
                raise
            if isinstance(error, (*self.library, access.Revealing, OSError)):
                raise self._with_place(member, self.failure(member, error)) from error
            raise _not_understood(member, error) from error

    def _no_answer(self, member: Member, words: str) -> DatastoreError:
        return self._with_place(member, _no_answer(member, words))

    def _with_place(self, member: Member, error: DatastoreError) -> DatastoreError:
        """The error; where nobody answers, with the address and port that were asked."""
        place = endpoint_of(str(member.address), self._access.get("port", self.default_port))
        if error.code != "no_answer" or place in error.message:
            return error
        return DatastoreError(error.code, f"{error.message} (at {place})", passing=True,
                              instance=member.id)

    def _port(self) -> int:
        return int(self._access.get("port", self.default_port))


def understood(members: list[Member], answers: Answers, build: Build, driver: Driver | None = None
               ) -> ClusterFacts:
    """The facts that ``build`` makes of the answers of those members that can be understood.

    A member has given no answer if no facts can be made of it, alone or beside the others', or if
    the driver can't decide by them, whatever their decision would be.
    """
    def facts(told: Answers) -> ClusterFacts:
        found = build(members, told)
        if driver:
            driver.decide(found)
        return found

    try:
        return facts(answers)
    except Exception as error:      # noqa: BLE001 - any, of any answer
        said = [one for one in members if "error" not in answers[one.id]]
        blamed = _spoilers(facts, said, answers, error)
        if blamed and len(blamed) < len(said):
            return understood(members, _silenced(answers, blamed, error), build, driver)
        # It is in all answers, or in none.
        return build(members, _silenced(answers, said, error)
                     if _fails(lambda told: build(members, told), answers) else answers)


def _spoilers(facts: Callable[[Answers], ClusterFacts], said: list[Member], answers: Answers,
              error: Exception) -> list[Member]:
    """The members that can't be understood alone; if there are none, those without whom the others
    can be."""
    alone = [one for one in said if _fails(facts, _silenced(
        answers, [other for other in said if other is not one], error))]
    return alone or [one for one in said if not _fails(facts, _silenced(answers, [one], error))]


def _fails(facts: Callable[[Answers], ClusterFacts], answers: Answers) -> bool:
    try:
        facts(answers)
    except Exception:       # noqa: BLE001 - see above
        return True
    return False


def _silenced(answers: Answers, silent: list[Member], error: Exception) -> Answers:
    """The answers, but for those of ``silent``, who count as not understood."""
    return answers | {one.id: _unheard(_not_understood(one, error)) for one in silent}


def _unheard(error: DatastoreError) -> dict[str, Any]:
    return {"error": error.message, "code": error.code}


def _no_answer(member: Member, words: str) -> DatastoreError:
    return DatastoreError("no_answer", f"{member.name} {words}", passing=True, instance=member.id)


def _not_understood(member: Member, error: Exception) -> DatastoreError:
    return _no_answer(member, "gives an answer that can't be understood "
                      f"({type(error).__name__})")
