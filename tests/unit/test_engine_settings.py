"""mistral.conf holds any path, and gives it back as it was."""
import pathlib

import pytest
import sqlalchemy
from oslo_config import cfg
from trove_upgrade.embedded import files, settings

ODD = ["plain", "a b", " outer ", "$HOME", "${x.y}", "$$", "#hash", "a # b", "a;b", "50%", "%41",
       "%(x)s", "what?", "?mode=memory", "a&b=c", "'quoted'", '"quoted"', "K\xf6ln", "a\\b", "[x]",
       "a,b", "~", "-d", "file:x", "a@b:c"]


def read_back(text, tmp_path):
    (tmp_path / "it.conf").write_text(text, encoding="utf-8")
    conf = cfg.ConfigOpts()
    for group, name in (("trove_upgrade", "access_dir"), ("trove_upgrade", "cloud"),
                        ("database", "connection"), (None, "log_file")):
        conf.register_opt(cfg.StrOpt(name), group=group)
    conf([], default_config_files=[str(tmp_path / "it.conf")])
    return conf


@pytest.mark.parametrize("name", ODD)
def test_any_path_works(name, tmp_path):
    kept = files.Files(tmp_path / name / "state")
    kept.create()
    sections = settings.sections(kept, 1, access_dir=str(tmp_path / name), cloud=name)
    conf = read_back(settings.text(sections), tmp_path)
    assert conf.trove_upgrade.access_dir == str(tmp_path / name)
    assert conf.trove_upgrade.cloud == name
    assert conf.log_file == str(kept.log)
    engine = sqlalchemy.create_engine(conf.database.connection)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table here (x)"))
    engine.dispose()
    made = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {tmp_path / "it.conf", kept.database}
    assert kept.database.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("name", ["a\nb", "a\rb"])
def test_a_line_break_is_refused(name):
    kept = files.Files(pathlib.Path("/") / name)
    with pytest.raises(ValueError, match="line break"):
        settings.text(settings.sections(kept, 1))
