"""What an operator's second command does, and which panels it switches on."""
import sys
from types import ModuleType

import pytest
from trove_upgrade.interfaces.dashboard.__main__ import main
from trove_upgrade.interfaces.dashboard.switches import is_on

OURS = ["_1741_trove_upgrade_clusters.py", "_1742_trove_upgrade.py"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_two_files_go_in_and_come_out_again(tmp_path, capsys):
    assert main(["--to", str(tmp_path)]) == 0
    assert names(tmp_path) == OURS
    assert capsys.readouterr().out.count("wrote ") == 2
    assert main(["--to", str(tmp_path)]) == 0           # an update
    assert main(["--to", str(tmp_path), "--remove"]) == 0
    assert names(tmp_path) == []
    assert main(["--to", str(tmp_path), "--remove"]) == 0


def test_files_of_others_are_added_and_never_changed(tmp_path, capsys):
    own = tmp_path / "_1740_project_database_clusters_panel.py"
    own.write_text("# the operator's own\n")
    assert main(["--to", str(tmp_path), "--with-all"]) == 0
    assert own.read_text() == "# the operator's own\n"
    assert f"kept {own}" in capsys.readouterr().out
    assert {"_50_mistral.py", "_1720_project_databases_panel.py", *OURS} <= set(names(tmp_path))
    main(["--to", str(tmp_path), "--with-all", "--remove"])
    assert own.exists()
    assert not set(OURS) & set(names(tmp_path))


def test_without_a_horizon_it_says_what_to_do(tmp_path, capsys):
    assert main(["--to", str(tmp_path / "nowhere")]) == 1
    assert "name the folder: --to DIR" in capsys.readouterr().err


@pytest.fixture
def enabled(monkeypatch):
    """enabled(**names): an enabled file that Horizon has read before ours."""
    def read(**content):
        module = ModuleType("x")
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, "openstack_dashboard.local.enabled._0001_x", module)
    return read


@pytest.mark.parametrize(("content", "on"), [
    ({"PANEL": "clusters", "ADD_PANEL": "x.Clusters"}, True),
    ({"PANEL": "clusters", "ADD_PANEL": "x.Clusters", "DISABLED": True}, False),
    ({"PANEL": "clusters", "REMOVE_PANEL": True}, False),
    ({"PANEL": "others", "ADD_PANEL": "x.Others"}, False)])
def test_panel_is_added_once_whoever_adds_it(enabled, content, on):
    enabled(**content)
    assert is_on("clusters") is on
