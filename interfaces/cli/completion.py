"""Completion in a shell, by argcomplete: commands, options, and values that an engine or a cloud
knows."""
import argparse
import functools
import itertools
import os
from importlib import metadata

from .. import first_contact, selection, session
from ..shapes import Upgrade

GROUP = "trove_upgrade.cli"
NEWEST = 30                 # so many upgrades are offered
STEERED = ("pause", "resume", "abort")      # only what is under way


def answer():
    """Answer the shell that asks, and exit; without argcomplete there is nothing to offer."""
    try:
        import argcomplete
    except ModuleNotFoundError:
        return
    # Options after a "-" alone: else the few values stand between dozens of them.
    argcomplete.autocomplete(parser_of(os.environ.get("COMP_LINE", "").split()[1:]),
                             always_complete_options=False)


def parser_of(words):
    """Return the parser of the command line that is being written, with completers.

    :param words: so far, without the program's name.
    """
    known = {one.name: one for one in metadata.entry_points(group=GROUP)}
    verb = next((one for one in words if not one.startswith("-")), "")
    head = argparse.ArgumentParser(add_help=False)
    head.add_argument("verb", choices=sorted(known))
    if verb not in known:
        return head
    command = known[verb].load()(None, None)
    own = command.get_parser(verb)
    parser = type(own)(add_help=False, parents=[head, own])     # cliff's, which knows its groups
    for action in parser._actions:
        if values := VALUES.get(action.dest):
            action.completer = functools.partial(_offered, values, command)
    return parser


def _offered(values, command, parsed_args, **_):
    """The values; none where they can't be had, as a shell has no place for messages."""
    try:
        return [*values(command, parsed_args)]
    except Exception:  # noqa: BLE001
        return []


def _upgrades(command, args):
    """Ids of upgrades, and the clusters that they are about."""
    filters = {"state": selection.OPEN} if args.verb in STEERED else {}
    with command.connected(args, look_only=True) as (upgrades, _):
        found = [Upgrade.of(one) for one in itertools.islice(upgrades.each(**filters), NEWEST)]
        names = {}
        for one in found:
            names |= selection.called(upgrades, one, names)
    return dict.fromkeys(itertools.chain.from_iterable(
        (names.get(one.cluster, one.cluster), one.id) for one in found if one.kind != "plan"))


def _clusters(command, args):
    return [one.name for one in _trove(args).clusters.list()]


def _instances(command, args):
    return [one.name for one in _trove(args).instances.list()]


def _versions(command, args):
    """Those of the cluster's datastore, or of the set's, where it is named already."""
    trove = _trove(args)
    named = [one for manager, wanted in ((trove.clusters, args.cluster_id),
                                         (trove.instances, args.instance_id))
             for one in (manager.list() if wanted else ()) if wanted in (one.id, one.name)]
    kinds = {one.datastore["type"] for one in named} or {one.name for one in
                                                        trove.datastores.list()}
    return {one.name for kind in kinds for one in trove.datastore_versions.list(kind)}


def _clouds(command, args):
    from openstack.config import OpenStackConfig
    return OpenStackConfig().get_cloud_names()


def _trove(args):
    """A client of the cloud that the command line names."""
    from ...services import clients
    from ...services.sessions import Actor
    session.use_options(args)
    signed, scope = first_contact.log_in(args.os_cloud)
    return clients.trove(Actor(signed, home=scope))


VALUES = {"execution": _upgrades, "cluster": _upgrades, "cluster_id": _clusters,
          "instance_id": _instances, "datastore_version": _versions, "os_cloud": _clouds}
