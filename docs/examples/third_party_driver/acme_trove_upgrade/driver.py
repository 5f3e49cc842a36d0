"""AcmeDB: what trove-upgrade must know of it. The base class tells what each method is for.

This small one asks Trove alone. A real one asks the members themselves in ``read``, leaves
``asks_trove`` away and looks at roles and replication in ``blockers``; the drivers in
trove_upgrade.datastores are the models.
"""
from trove_upgrade.datastores.base import Check, Driver, Facts, Texts
from trove_upgrade.datastores.paths import Paths, in_turn

PATHS = Paths(in_turn("10.6", "10.11", "11.4"), source="AcmeDB, Upgrading")
WELL = ("ACTIVE", "HEALTHY")


class AcmeDriver(Driver):
    """Takes ``{"quiet_hours": bool}`` from the section ``acme`` of the access file."""

    name = "acme"
    datastores = ("acmedb",)
    asks_trove = True
    poll_sec = 1.0
    paths = PATHS

    def read(self, members):
        return {one.id: Facts(one.id, one.name, answers=True, version=one.version, domain=one.name,
                              problems=() if one.status in WELL else (
                                  f"Trove calls {one.name} {one.status or 'unknown'}",))
                for one in members}

    def checks(self, facts, saved=()):
        sick = self.blockers(facts, ())
        loud = not self.access.get("quiet_hours", True)
        return [Check("members_healthy", not sick, "; ".join(sick) or "All are well.",
                      "Heal the members first." if sick else ""),
                Check("quiet_hours", not loud, "The access file says whether few people are here.",
                      "Wait for the night, or skip this check by name." if loud else "")]

    def blockers(self, facts, unavailable):
        return [problem for one in facts.values() if one.id not in unavailable
                for problem in one.problems]

    def waves(self, facts, todo, together):
        return [[one] for one in sorted(todo, key=lambda one: facts[one].name, reverse=True)]

    def texts(self, facts, keep_rollback_path):
        return Texts(rollback_path="Each member goes back on its own data, within a release "
                                   "series.",
                     point_of_no_return="The first start of a newer series.",
                     backup="Take one with acme-dump.")
