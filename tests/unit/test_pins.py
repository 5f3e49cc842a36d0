"""Exact versions, and of each the digests of its files."""
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^(\S+==\S+)", re.MULTILINE)
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def test_each_pinned_version_has_the_digests_of_its_files():
    """`make env` installs what is in hashes.txt and nothing else."""
    listed = (ROOT / "hashes.txt").read_text()
    assert PIN.findall(listed) == PIN.findall((ROOT / "constraints.txt").read_text()), \
        "run .venv/bin/python .ci/hashes"
    for block in re.split(r"\n(?=\S)", listed.strip())[1:]:
        pin, *digests = block.splitlines()
        assert digests, pin
        assert all(HASH.match(one) for one in digests), pin


def test_the_environment_is_made_of_known_files_only():
    made = (ROOT / "Makefile").read_text().partition("$(READY): ")[2].partition("@touch")[0]
    installs = [line for line in made.splitlines() if "$(PIP)" in line]
    assert len(installs) == 3
    for line in installs:
        assert "--require-hashes" in line or "--no-index --no-deps" in line \
            or "--no-deps --no-index" in line, line
