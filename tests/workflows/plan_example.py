"""The example in schemas/plan.json, made by the planner.

``python -m tests.workflows.plan_example`` writes it.
Its cluster is the model of tests/unit: one shard, so that the example stays short.
"""
import json
from pathlib import Path

from tests.unit.conftest import plan_of
from tests.unit.datastores.redis.model import Cluster

SCHEMA = Path(__file__).parents[2] / "schemas" / "plan.json"


def example():
    """The plan of an upgrade of two members."""
    return plan_of(Cluster(shards=1, replicas=1))


def text():
    """As it stands in the schema: one line for each part of the plan."""
    lines = [f"      {json.dumps(key)}: {json.dumps(value)}" for key, value in example().items()]
    return '  "examples": [\n    {\n' + ",\n".join(lines) + "\n    }\n  ]\n}\n"


def main():
    """Write it into the schema."""
    head = SCHEMA.read_text(encoding="utf-8").split('  "examples": [')
    SCHEMA.write_text('  "examples": ['.join(head[:-1]) + text(), encoding="utf-8")


if __name__ == "__main__":
    main()
