"""docs/python-api.md: its blocks run as they stand, as a member, in their order."""
import re
from pathlib import Path

from tests.cloud.runs import SHARED

CLOUD = SHARED
XDIST_GROUP = "cloud 3"
PAGE = Path(__file__).parents[2] / "docs" / "python-api.md"


def test_story_of_the_page(cloud, monkeypatch, capsys):
    made = cloud.lab.create_cluster("orders")
    for key, value in cloud.env("demo").items():
        monkeypatch.setenv(key, value)
    story = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S))
    scope = {"session": cloud.session("demo")}
    exec(compile(story, str(PAGE), "exec"), scope)         # noqa: S102
    told = capsys.readouterr().out
    assert "can't go back to 8.1.8: [rollback_path_open]" in told
    assert "There is no cluster 'no-such-cluster'." in told
    assert {member.version for member in cloud.lab.members(made)} == {"9.1.2"}
    cloud.trove().clusters.delete(made.id)
