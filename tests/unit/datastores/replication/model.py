"""A model of a replication set, for tests that need hundreds of runs in milliseconds.

It stands for the servers behind the drivers' ``Servers``, for Trove's guests, and for clients that
write all the time; and it says at once where an invariant is broken. The real servers are asked in
tests/datastores.
"""
from dataclasses import dataclass

from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.planning import groups
from trove_upgrade.planning.plan import make_plan
from trove_upgrade.planning.snapshot import ClusterSnapshot
from trove_upgrade.planning.versions import older
from trove_upgrade.schemas import read_input

from tests.unit.trove_model import OWNER, Books, Row

LIMIT = 10          # writes that a replica may be behind; each is a second of MySQL's, or 100 KiB
WRITES = 1          # of the clients between two looks
BEFORE = 900        # writes that were there


@dataclass
class Node:
    """A server; it has applied the first ``position`` of all writes.

    :ivar speed: writes that it applies between two looks.
    :ivar touched: the newest version that has started on its data.
    :ivar fenced: takes no writes, though it may lead.
    :ivar coming: looks until it is up on ``wanted``; None while nobody is at work on it.
    """

    number: int
    version: str
    follows: int | None
    speed: int
    touched: str
    position: int = BEFORE
    up: bool = True
    starts: int = 1
    fenced: bool = False
    coming: int | None = None
    wanted: str = ""

    @property
    def leads(self):
        return self.follows is None


@dataclass
class Faults:
    """What goes wrong.

    :ivar broken: id -> how its upgrade ends: ``dead`` (the new server started and died; Trove says
        ERROR), ``silent`` (the same, but Trove does not notice), ``refused`` (ERROR, and the old
        server goes on), ``lost`` (as dead, and its old one does not start either).
    :ivar promotions: how Trove's first ones end, the others well: ``well``, ``in_vain`` (nothing
        has moved), ``error`` (nor here, and Trove calls all members ERROR).
    :ivar builds: whether a member that is rebuilt comes up.
    :ivar stall: (how many were made unavailable before, who then applies nothing, for how many
        looks).
    """

    broken: dict
    promotions: list
    builds: bool = True
    stall: tuple | None = None


class ReplicationSet:
    """:param dialect: one of dialects.py.
    :param names: of the members, the source's first.
    :param upgraded: numbers of those that an earlier run has upgraded.
    :param speeds: of the members, in turn.
    :param slow: looks that a guest's work takes.
    :param open_for: looks for which a transaction stays open and writes once its source is fenced.
    :param conflict: looks for which no replica applies anything once its source is fenced.
    :param synchronous: PostgreSQL's synchronous_standby_names.
    """

    def __init__(self, dialect, names, upgraded=(), speeds=(3,), slow=1, open_for=0,
                 conflict=0, synchronous=""):
        self.dialect, self.speeds, self.slow = dialect, speeds, slow
        self.open_for, self.conflict, self.synchronous = open_for, conflict, synchronous
        self.versions = [{"id": f"id-{number}", "name": number, "number": number}
                         for number in (dialect.old, dialect.new)]
        self.nodes, rows = {}, []
        for number, name in enumerate(names):
            version = dialect.new if number in upgraded else dialect.old
            self._add(number, version, 0 if number else None)
            rows.append(Row(f"m{number}", name, version, f"10.0.0.{number + 1}", number,
                            follows="m0" if number else ""))
        self.eras = [(0, 0)]            # (server, the first write that it took)
        self.promoting = None           # [id of the candidate, looks to come, how it ends]
        self.faults = Faults({}, [])
        self.taken, self.asked, self.built = [], [], []
        self.driver = dialect.driver({})
        self.driver._servers = self
        self.books = Books(self, dialect.datastore, self.versions, rows)

    def _add(self, number, version, follows, **more):
        node = Node(number, version, follows, self.speeds[number % len(self.speeds)], version,
                    **more)
        self.nodes[f"m{number}"] = node

    # What a rehearsal needs
    @property
    def members(self):
        return self.books.trove.members(self._group()["members"])

    @property
    def leader(self):
        return next(node for node in self.nodes.values() if node.leads)

    def by_name(self):
        """What each member's server runs, by the name that a member rebuilt takes over."""
        return {self.books.rows[one].name: node.version for one, node in self.nodes.items()}

    def plan(self, **given):
        target = self.versions[-1]
        chosen = read_input({"cluster_id": "m0", "datastore_version": target["name"],
                             "bake_sec": 0, "gate_passes": 1, "backup": "skip", **given})
        members = self.members
        group = {**self._group(), "id": "m0"}
        del group["members"]
        now = ClusterSnapshot(group, members, self.versions, target, self.driver.read(members),
                        lock_reach="mistral", kind=groups.SET)
        return make_plan(now, self.driver, chosen, OWNER)

    def heal(self):
        """A person ends what Trove calls failed, waits, and nothing more goes wrong."""
        self.faults = Faults({}, [])
        for one in [each for each in self.books.rows if each not in self.nodes]:
            del self.books.rows[one]
        for one, row in self.books.rows.items():
            if self.nodes[one].up:
                row.status = "ACTIVE"
        while any(self.streams(node) and self.behind(node) > LIMIT for node in self.nodes.values()):
            self.tick()

    def _group(self):
        return self.books.trove.replication_set("m0", list(self.books.rows))

    # Time
    def tick(self):
        """Clients write, replicas apply, guests go on with their work."""
        leader = self.leader
        if not leader.fenced:
            leader.position += WRITES
        elif self.open_for:
            self.open_for -= 1
            leader.position += 1
        waits = leader.fenced and self.conflict
        self.conflict -= bool(waits)
        stalled = self._stalled()
        for one, node in self.nodes.items():
            if self.streams(node) and one != stalled and not waits:
                node.position = min(leader.position, node.position + node.speed)
        for one, node in self.nodes.items():
            if node.coming is not None:
                self._come(one, node)
        if self.promoting:
            self._go_on_promoting()
        for one in [row.id for row in self.books.rows.values() if row.status == "SHUTDOWN"]:
            del self.books.rows[one]

    def _stalled(self):
        after, one, looks = self.faults.stall or (0, "", 0)
        if not looks or len(self.taken) < after:
            return ""
        self.faults.stall = (after, one, looks - 1)
        return one

    def streams(self, node):
        """A standby that is promoted has left its source, which goes on by itself unless fenced."""
        left = self.promoting and not self.dialect.guest_fences and \
            node is self.nodes[self.promoting[0]]
        return node.up and node.follows == self.leader.number and not left

    def behind(self, node):
        return self.leader.position - node.position

    def lagging(self):
        """Ids of the replicas that still have too much to apply."""
        return {one for one, node in self.nodes.items() if self.behind(node) > LIMIT}

    def written_by(self, position):
        """[(server, how many of the first so many writes it took)], in turn."""
        ends = [start for _, start in self.eras[1:]] + [position]
        return [(server, min(end, position) - start)
                for (server, start), end in zip(self.eras, ends, strict=True) if position > start]

    def _come(self, one, node):
        node.coming -= 1
        if node.coming >= 0:
            return
        node.coming = None
        row, how = self.books.rows[one], self._broken(one, node.wanted)
        row.status = "ACTIVE" if how in ("", "silent") else "ERROR"
        if how != "refused":
            node.version = node.wanted
            node.touched = max(node.touched, node.wanted, key=self._order)
        node.starts += 1
        node.up = how in ("", "refused")

    def _broken(self, one, wanted):
        how = self.faults.broken.get(one, "")
        return how if how == "lost" or wanted == self.dialect.new else ""

    def _order(self, version):
        return [one["number"] for one in self.versions].index(version)

    def _go_on_promoting(self):
        self.promoting[1] -= 1
        if self.promoting[1] >= 0:
            return
        (one, _, how), self.promoting = self.promoting, None
        for row in self.books.rows.values():
            row.status = "ERROR" if how == "error" else "ACTIVE"
        if self.dialect.guest_fences:
            self.leader.fenced = False
        if how == "well":
            self._move(one)

    def _move(self, one):
        """The candidate leads from now on, and all others follow it."""
        candidate, former = self.nodes[one], self.leader
        if self.dialect.guest_fences:
            candidate.position = former.position     # Trove's guest waits for it
        assert candidate.position == former.position, "acknowledged writes are lost"
        self.eras.append((candidate.number, candidate.position))
        former.starts += 1
        for each, node in self.nodes.items():
            node.follows = None if node is candidate else candidate.number
            self.books.rows[each].follows = "" if node is candidate else one
            if self.driver.forward_only and node is not former:
                assert not older(node.version, candidate.version), \
                    "an old replica follows a new source"

    # What Trove's guests are asked for
    def upgrade(self, one, number):
        node = self.nodes[one]
        assert not node.leads, "the source was made unavailable while it led"
        assert not self.promoting, "a member was made unavailable while Trove promoted another"
        assert not self.leader.fenced, "a member was made unavailable while nobody took writes"
        for other in self.nodes.values():
            if other is not node:
                assert other.up, "two members are unavailable"
                assert self.behind(other) <= LIMIT, "another member is not caught up"
        if self.driver.forward_only:
            assert not older(number, node.touched), "it was to go back on data it can't read"
        self.taken.append((one, number))
        node.up, node.wanted, node.coming = False, number, self.slow

    def promote(self, one):
        candidate = self.nodes[one]
        assert not self.promoting, "Trove was asked for two promotions at once"
        assert self.streams(candidate), "the candidate does not follow the source"
        assert self.behind(candidate) <= LIMIT
        how = self.faults.promotions.pop(0) if self.faults.promotions else "well"
        if self.dialect.guest_fences:
            self.leader.fenced = True
        self.asked.append(one)
        self.promoting = [one, self.slow, how]

    def build(self, row, source_id):
        source = self.nodes[source_id]
        assert source.leads
        assert source.up
        if not self.faults.builds:
            row.status = "ERROR"
            return
        self.built.append(row.id)
        self._add(row.number, source.version, source.number, position=source.position, up=False,
                  coming=self.slow, wanted=source.version)

    def drop(self, one):
        name = self.books.rows[one].name
        assert not self.nodes.pop(one).leads, "the source was deleted"
        assert any(self.books.rows[each].name == name and self.streams(self.nodes[each])
                   for each in self.built), "it was deleted before another took its place"

    # What the drivers' Servers do
    def ask_all(self, members):
        self.tick()
        return {one.id: self._told(one) for one in members}

    def answer(self, member):
        self.tick()
        return self._answer(member)

    def _told(self, member):
        try:
            return self._answer(member)
        except DatastoreError as error:
            return {"error": error.message, "code": error.code}

    def _answer(self, member):
        node = self.nodes.get(member.id)
        if node is None or not node.up:
            raise DatastoreError("no_answer", f"{member.name}: no answer", passing=True)
        return self.dialect.answer(self, node)

    def set_read_only(self, member, on):
        self.tick()
        self.nodes[member.id].fenced = on

    def fenced_since(self, member):
        self.tick()
        return "now" if self.nodes[member.id].fenced else ""

    def next_transaction(self, member):
        self.tick()
        return str(self.nodes[member.id].position)

    def older_transactions(self, member, since):
        self.tick()
        return self.open_for
