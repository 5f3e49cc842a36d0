"""The snippets that put the pack into images and hosts are what Kolla, Ansible and the services
read."""
import configparser
import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import jinja2
import pytest
import yaml
from trove_upgrade.interfaces.trove_api import config as api
from trove_upgrade.interfaces.trove_api import policies
from trove_upgrade.services import config as workflow

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
KOLLA, ANSIBLE = EXAMPLES / "kolla", EXAMPLES / "ansible"
PARENT = """\
{% for name in ("mistral_base", "trove_base", "horizon") %}{% endfor %}
pip {{ (mistral_base_pip_packages_append + trove_base_pip_packages_append
        + horizon_pip_packages_append) | join(" ") }}
{% block trove_base_footer %}{% endblock %}{% block horizon_footer %}{% endblock %}
"""
PASTE = Path(sys.prefix, "etc/trove/api-paste.ini")     # Trove's own
WORD = "extensions egg:trove-upgrade#trove_upgrade troveapp\n"


def requirements(text):
    return re.findall(r"trove-upgrade(?:\[([\w,]+)\])?(?=[\s'\"]|$)", text)


def test_kollas_override_is_a_template_whose_pip_lines_name_extras_that_there_are():
    loader = jinja2.DictLoader({"parent": PARENT})
    made = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined,
                              autoescape=False).from_string(  # noqa: S701  no HTML
        (KOLLA / "template-override.j2").read_text())
    text = made.render(parent_template="parent")
    line = next(one for one in text.splitlines() if one.startswith("pip "))
    extras = requirements(line)
    assert len(extras) == 3
    assert set(filter(None, extras)) <= set(distribution("trove-upgrade").metadata.get_all(
        "Provides-Extra"))
    assert "RUN sed" in text
    assert "RUN /var/lib/kolla/venv/bin/python -m trove_upgrade.interfaces.dashboard" in text


@pytest.mark.parametrize(("file", "groups"), [
    ("mistral.conf", workflow.list_opts()), ("trove.conf", api.list_opts())])
def test_options_in_the_overrides_exist(file, groups):
    found = configparser.ConfigParser(interpolation=None)
    found.read_string((KOLLA / "config" / file).read_text())
    known = {group: {one.name for one in options} for group, options in groups}
    ours = [group for group in found.sections() if group in known]
    assert ours
    assert all(set(found[group]) <= known[group] for group in ours)
    if "notifier" in found:
        assert [one["type"] for one in json.loads(found["notifier"]["notify"])] == [
            "trove_upgrade"]


def test_the_policy_holds_the_rules_with_their_defaults():
    found = yaml.safe_load((KOLLA / "config/trove/policy.yaml").read_text())
    assert found == {one.name: one.check_str for one in policies.list_rules()}


def test_the_playbook_is_one_and_its_expressions_are_jinja():
    plays = yaml.safe_load((ANSIBLE / "site.yml").read_text())
    for play in plays:
        handlers = {one["name"] for one in play["handlers"]}
        for task in (*play["tasks"], *play["handlers"]):
            modules = [key for key in task if key.count(".") == 2]
            assert len(modules) == 1, task["name"]
            assert task.get("notify") in (None, *handlers)
    environment = jinja2.Environment(autoescape=True)
    for value in texts(plays):
        environment.parse(value)


def texts(document):
    """Every text in a document."""
    if isinstance(document, dict):
        document = [*document, *document.values()]
    if isinstance(document, list):
        for one in document:
            yield from texts(one)
    elif isinstance(document, str):
        yield document


def test_the_word_comes_right_before_troveapp_and_once():
    play = yaml.safe_load((ANSIBLE / "site.yml").read_text())[1]
    rule = next(task["ansible.builtin.replace"] for task in play["tasks"]
                if "ansible.builtin.replace" in task)
    once = re.sub(rule["regexp"], rule["replace"], PASTE.read_text(), flags=re.MULTILINE)
    assert once.count(WORD) == 1
    assert re.sub(rule["regexp"], rule["replace"], once, flags=re.MULTILINE) == once
    program = re.search(r"sed -i '(.*)' /etc", (KOLLA / "template-override.j2").read_text())[1]
    assert subprocess.run(["sed", program, PASTE], capture_output=True, text=True,
                          check=True).stdout == once
