"""The shortcuts are what the frameworks go by: their names are no public ones, and may change."""
import subprocess
import sys

PROBE = """
import ast
import sys
from trove_upgrade.embedded import shortcuts
shortcuts.take()
parse, ast.parse = ast.parse, None              # no source is read for its attributes
from mistral.api.controllers.v2 import resources
ast.parse = parse
found = [one.key for one in resources.Environment._wsme_attributes]
assert found == sorted(found) and "variables" in found, found
import futurist
assert sys.modules["eventlet"] is None
from pecan import rest, util
first, again = (util.getargspec(rest.RestController._handle_get) for _ in range(2))
assert first is again and first.args == ["self", "method", "remainder", "request"], first
"""


def test_no_source_is_parsed_no_method_looked_at_twice_and_eventlet_stays_away():
    subprocess.run([sys.executable, "-c", PROBE], check=True, timeout=120)
