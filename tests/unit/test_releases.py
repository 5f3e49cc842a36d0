"""The releases of OpenStack of `make test-release`: pins that fit, and a row each in the docs."""
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests" / "releases").glob("*.txt"))
TOLD = ("mistral", "trove", "keystone")


def pins(*files):
    """{name: version}; of two files that name one, the first counts, as in the Makefile."""
    lines = [line for file in reversed(files) for line in file.read_text().splitlines()
             if line and not line.startswith("#")]
    return {canonicalize_name(name): version.partition(" ;")[0] for name, _, version in
            (line.partition("==") for line in lines)}


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def release(request):
    """(name of the release, its pins)."""
    return request.param.stem, pins(request.param, ROOT / "constraints.txt")


def test_the_ranges_of_the_extras_admit_its_versions(release):
    known = release[1]
    asked = [Requirement(line) for line in requires("trove-upgrade")]
    refused = {str(one) for one in asked if (pin := known.get(canonicalize_name(one.name)))
               and not one.specifier.contains(pin, prereleases=True)}
    assert refused == set()


def test_the_docs_tell_what_was_seen_of_it(release):
    name, known = release
    rows = [line for line in (ROOT / "docs" / "releases.md").read_text().splitlines()
            if line.startswith(f"| {name} |")]
    assert rows
    assert all(f"| {', '.join(known[one] for one in TOLD)} |" in row for row in rows)
