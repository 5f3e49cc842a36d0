"""The README as a package index shows it: alone, without the pages that it leads to."""
import re
import runpy
from pathlib import Path

import pytest
import setuptools

ROOT = Path(__file__).parents[2]
SITE = "https://docs.example.org/pack"


@pytest.fixture
def described(monkeypatch):
    """described(place of the site) -> the long description."""
    def read(site):
        asked = {}
        monkeypatch.setattr(setuptools, "setup", lambda **given: asked.update(given))
        monkeypatch.setenv("TROVE_UPGRADE_DOCS", site)
        runpy.run_path(str(ROOT / "setup.py"))
        return asked["long_description"]
    return read


def links(text):
    return re.findall(r"]\(([^)]*)\)", text)


def test_without_a_site_no_link_leads_nowhere(described):
    assert links(described("")) == []


def test_each_link_leads_to_a_page_or_picture_of_the_site(described):
    found = [one.removeprefix(SITE + "/").partition("#")[0] for one in links(described(SITE + "/"))]
    assert len(found) == len(links((ROOT / "README.md").read_text()))
    for one in found:
        source = f"docs/images/{one[8:]}" if one.startswith("_images/") else f"{one[:-5]}.md"
        assert (ROOT / source).is_file(), one
