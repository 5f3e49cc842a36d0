"""workflows/replication_set.yaml, made of workflows/cluster.yaml.

Mistral's workflows can't inherit, and an entry that only called the other one would show people two
executions, neither of which is the whole: docs/decisions/0021. So the second entry is written from
the first one, and a test compares them.
"""
import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "workflows" / "cluster.yaml"
NOTICE = "# Written by `python -m docs.tools` from cluster.yaml. Change that one, not this file.\n"
ABOUT = """\
  description: |
    Rolling upgrade of one replication set (a Trove instance and its replicas) to another datastore
    version.

    Order: that of trove_upgrade.cluster. Replicas first; then Trove promotes an upgraded replica,
    and the old source comes last. Trove takes a backup of the source before the first member.
    Changes: each member's datastore version, one wave at a time. Undo: on_failure, or the command
    that the result names. Stop it with the abort flag of its lock, not by setting a state.
    Inputs: instance_id, the id or name of the source or of any replica, and those of
    trove_upgrade.cluster. Output: schemas/result.json. Errors: schemas/error.json.
"""
# What is replaced, by what; each stands in cluster.yaml.
CHANGES = (
    (r"^trove_upgrade\.cluster:$", "trove_upgrade.replication_set:"),
    (r"^  description: \|\n(?:    .*\n|\n)+", ABOUT),
    (r"^    - cluster_id$", "    - instance_id"),
    (r"<% \$\.cluster_id %>", "<% $.instance_id %>"),
    (r"^    kind: cluster$", "    kind: replication_set"),
)


def replication_set() -> str:
    """The text of the file."""
    text = SOURCE.read_text(encoding="utf-8")
    for pattern, instead in CHANGES:
        text, times = re.subn(pattern, lambda _, new=instead: new, text, flags=re.MULTILINE)
        if not times:
            raise ValueError(f"cluster.yaml has nothing like {pattern}")
    text = re.sub(r"^      description: .*$", lambda line: re.sub(r"\bcluster\b", "set", line[0]),
                  text, flags=re.MULTILINE)
    return NOTICE + text
