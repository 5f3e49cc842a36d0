"""The reference is as the source says, and the pages name only what exists."""
import argparse
import ast
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from trove_upgrade.datastores import GROUP, drivers
from trove_upgrade.datastores.base import Driver
from trove_upgrade.interfaces import outcome
from trove_upgrade.interfaces.trove_api import config as api_config
from trove_upgrade.interfaces.trove_api import policies
from trove_upgrade.lab.kinds import KINDS
from trove_upgrade.schemas import load
from trove_upgrade.services import config as services_config
from trove_upgrade.services import sessions
from trove_upgrade.workflows import paths

from docs.tools import flows, source
from docs.tools.diagram import draw
from docs.tools.pages import anchor
from tests.workflows import broken, plan_example

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
MADE_IN = (*source.ROOMS, "interfaces", "notifiers")
NOTES = {"trove_upgrade.executors", "trove_upgrade.lock", "trove_upgrade.settings",
         "trove_upgrade.queue", "trove_upgrade.rights", "trove_upgrade.run", "trove_upgrade.wave",
         "trove_upgrade.start_key"}
PACKAGES = {f"trove_upgrade.{path.parent.name}" for path in ROOT.glob("*/__init__.py")}
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
DRAWN = """\
flowchart TD
  START((start))
  start["start"]
  watch["watch"]
  wave[["wave"]]
  start_again["start_again"]
  START --> start
  SUCCESS([SUCCESS])
  ERROR([ERROR])
  start --> watch
  watch -->|"$.job.more"| wave
  watch -->|"not $.job.more"| start_again
  watch -.-> ERROR
  wave --> SUCCESS
  wave -.-> ERROR
  start_again --> watch
  start_again -.-> watch"""


def test_reference_is_as_the_source_says():
    """When it is not: python -m docs.tools."""
    done = subprocess.run([sys.executable, "-m", "docs.tools", "--check"], cwd=ROOT, timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nRewrite: python -m docs.tools"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="reno reads release notes from git")
def test_site_is_built_without_a_warning(tmp_path):
    """A page that no list names, a link that leads nowhere, a heading that is none."""
    done = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going",
                           "-c", DOCS, ROOT, tmp_path], timeout=600, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def lacks(page, wanted):
        """Of the names those that the page of the site has no place for."""
        text = (tmp_path / "docs" / page).read_text(encoding="utf-8")
        return [one for one in wanted if f'id="{one}"' not in text]
    assert lacks("actions.html", source.errors()) == []
    assert lacks("checks.html", (one.name for one in source.checks())) == []
    assert lacks("options.html", (f"{group}.{option.name}" for listed in (
        services_config.list_opts(), api_config.list_opts()) for group, options in listed
        for option in options)) == []
    assert lacks("commands.html", command_options()) == []
    rest = (tmp_path / "docs/rest-reference.html").read_text(encoding="utf-8")
    routes = yaml.safe_load((DOCS / "api/openapi.yaml").read_text(encoding="utf-8"))["paths"]
    assert [path for path in routes if path not in re.sub("<[^>]+>", "", rest)] == []
    policies_page = (tmp_path / "docs/policies.html").read_text(encoding="utf-8")
    assert [rule.name for rule in policies.list_rules() if rule.name not in policies_page] == []


def command_options():
    """The anchor of each option of both command lines."""
    for group, program in (("trove_upgrade.cli", "trove-upgrade"),
                           ("openstack.database_upgrade.v1", "openstack")):
        for one in distribution("trove-upgrade").entry_points.select(group=group):
            words = "-".join([program, *one.name.split("_")])
            parser = one.load()(None, None).get_parser(words)
            shown = (one for one in parser._actions if one.help != argparse.SUPPRESS)
            for option in (each for action in shown for each in action.option_strings):
                if option not in ("-h", "--help"):
                    yield f"cmdoption-{words}-{option.lstrip('-')}"


def test_every_input_has_a_row_and_those_that_people_give_have_a_meaning():
    page = (DOCS / "workflows.md").read_text(encoding="utf-8")
    for flow in map(flows.read, paths()):
        section = page.split(f"\n## {flow.name}\n")[1].split("\n## ")[0]
        rows = {row[1]: row[2] for row in re.finditer(
            r"^\| `(\w+)` \| [^|\n]* \|(.*)$", section, re.MULTILINE)}
        assert set(flow.inputs) <= set(rows), flow.name
        if "entry" in flow.tags:
            assert [name for name in flow.inputs if not rows[name].strip(" |")] == [], flow.name


def test_diagram_shows_each_way_and_both_ends():
    assert draw(flows.parse(broken.GOOD)) == DRAWN


def test_diagram_of_a_clause_that_may_lead_nowhere_says_otherwise():
    text = broken.changed("\n        - start_again: <% not $.job.more %>", "")
    assert '  watch -->|"otherwise"| SUCCESS' in draw(flows.parse(text)).splitlines()


def test_list_of_checks_holds_all_that_a_plan_asks():
    asked = {check["name"] for check in plan_example.example()["checks"]}
    assert asked <= {check.name for check in source.checks() if check.driver in ("all", "redis")}
    assert all(check.fine and check.remedy for check in source.checks())


def test_list_of_errors_is_complete():
    text = "".join(path.read_text(encoding="utf-8") for room in source.ROOMS
                   for path in (ROOT / room).rglob("*.py"))
    literal = set(re.findall(r'(?:UpgradeError|DatastoreError)\(\s*"([a-z_]+)"', text))
    assert set(source.errors()) == literal | {sessions.REVOKED}
    assert all(error.classes for error in source.errors().values())


def test_no_error_has_a_code_that_the_list_can_not_find():
    """One that a variable holds, or a dict that passes by the class; those passed on are listed."""
    hidden = []
    for path in (one for room in MADE_IN for one in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="UpgradeError" | "DatastoreError"), args=[code, *_]):
                    hidden += [(path.name, code)] if isinstance(code, ast.Name) \
                        and code.id != "REVOKED" else []
                case ast.Dict(keys=keys, values=values):
                    hidden += [(path.name, value) for key, value in zip(keys, values, strict=True)
                               if isinstance(key, ast.Constant) and key.value == "code"
                               and isinstance(value, ast.Constant)]
    assert [(name, ast.unparse(code)) for name, code in hidden] == []


def own_drivers():
    """Names of the drivers that this package brings; others may be installed."""
    return {one.name for one in distribution("trove-upgrade").entry_points
            if one.group == GROUP}


def test_drivers_workflows_pages_tables_and_schemas_name_the_same_datastores():
    """One datastore more is one more of each; whatever was forgotten is named."""
    names = own_drivers()
    assert names == {name for name, one in drivers().items()
                     if one.__module__.startswith("trove_upgrade.")}, "a driver does not load"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    start = (DOCS / "README.md").read_text(encoding="utf-8")
    setting = (DOCS / "configuration.md").read_text(encoding="utf-8")
    workflow = "trove_upgrade.datastore."
    assert {
        "workflow": {flow.name.removeprefix(workflow) for flow in map(flows.read, paths())
                     if flow.name.startswith(workflow)},
        "page": {path.stem for path in (DOCS / "datastores").glob("*.md")},
        "README table": set(re.findall(r"\| \[`([a-z_0-9]+)`\]\(docs/datastores/", readme)),
        "docs table": set(re.findall(r"\(datastores/([a-z_0-9]+)\.md\)", start)),
        "drivers table": set(re.findall(r"\| \[([a-z_0-9]+)\]\(datastores/", setting)),
        "checks": {name for check in source.checks() for name in check.driver.split(", ")}
        - {"all"},
        "kinds of the lab": set(KINDS),
    } == dict.fromkeys(("workflow", "page", "README table", "docs table", "drivers table",
                        "checks", "kinds of the lab"), names)
    accepted = re.compile(load("input")["properties"]["driver"]["pattern"])
    assert [name for name in {*names, "auto"} if not accepted.match(name)] == []
    assert set(load("plan")["properties"]["datastore"]["examples"]) <= names


def test_each_driver_bears_the_name_of_its_entry_point():
    assert {name: one.name for name, one in drivers().items()} == {name: name for name in drivers()}


def test_no_datastore_of_trove_is_served_by_two_drivers_of_a_kind():
    served = [(datastore, one.replication) for one in drivers().values()
              for datastore in one.datastores]
    assert len(served) == len(set(served))


def test_guide_tells_each_exit_code_and_each_status():
    guide = (DOCS / "operators-guide.md").read_text(encoding="utf-8")
    rows = [f"| {code} | {text} |" for code, text in outcome.MEANING.items()]
    rows += [f"\n| `{status}` |" for status in load("result")["properties"]["status"]["enum"]]
    assert [row for row in rows if row not in guide] == []


def test_release_notes_are_what_reno_reads():
    sections = {"prelude", "features", "upgrade", "issues", "deprecations", "critical", "security",
                "fixes", "other"}
    for note in (ROOT / "releasenotes" / "notes").glob("*.yaml"):
        content = yaml.safe_load(note.read_text(encoding="utf-8"))
        assert set(content) <= sections
        assert all(isinstance(one, str) for key, listed in content.items() if key != "prelude"
                   for one in listed)


def test_the_page_on_new_drivers_names_what_a_driver_has():
    page = (DOCS / "adding-a-datastore.md").read_text(encoding="utf-8")
    table = page.split("| Method | Must |")[1].split("\n\n")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert [name for name in named if not hasattr(Driver, name)] == []


def test_a_newcomer_is_led_to_code_and_tests_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Where to look in the code")[1].split("\n[")[0]
    named = re.findall(r"`([a-z_/*]+(?:/|\.py))`", table)
    assert len(named) > 10
    assert [one for one in named if "/" in one and not [*ROOT.glob(one)]] == []
    for owner, method, path in re.findall(r"`(\w+)\.(\w+)` in `([^`]+)`", table):
        code = (ROOT / path).read_text(encoding="utf-8")
        assert f"class {owner}" in code and f"def {method}(" in code, path


def test_every_picture_is_made_by_a_test_or_by_the_demo():
    """`make dashboard-pictures`, `make demo-picture`."""
    tests = "".join(path.read_text(encoding="utf-8")
                    for path in (ROOT / "tests/dashboard").glob("*.py"))
    made = {f"dashboard-{name}.png" for name in re.findall(r"picture\(\"([\w-]+)\"\)", tests)}
    made.add("timelines.svg")
    assert "docs/images/timelines.svg" in (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = {path.name for path in (DOCS / "images").iterdir()}
    assert shown == made


@EACH
def test_links_lead_somewhere(page):
    assert [link for link in links(page) if not leads(page, link)] == []


def links(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def leads(page, link):
    path, _, part = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE) \
        if part else []
    return not part or part in map(anchor, headings)


@EACH
def test_commands_on_the_page_exist(page, mistral):
    named = re.findall(r"`?trove-upgrade ([a-z][a-z-]*)", code_of(page))
    assert set(named) <= set(mistral["entry_points"]["trove_upgrade.cli"])


@EACH
def test_workflows_and_actions_on_the_page_exist(page, world):
    known = {*world.flows, *world.actions, *NOTES, *PACKAGES, "trove_upgrade.datastore"}
    named = re.findall(r"\btrove_upgrade\.[a-z_]+(?:\.[a-z_]+)?", page.read_text(encoding="utf-8"))
    assert {name for name in named if name not in known and parent(name) not in known} == set()


def parent(name):
    """The first two parts: trove_upgrade.lock.CLUSTER is a lock."""
    head = ".".join(name.split(".")[:2])
    return head if head in NOTES | PACKAGES else ""


def code_of(page):
    """Only what stands in typewriter letters."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text(encoding="utf-8"),
                                re.DOTALL))
