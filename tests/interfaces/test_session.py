"""Where the cloud comes from."""
import argparse
import os

import pytest
from trove_upgrade.interfaces import session
from trove_upgrade.interfaces.cli import options
from trove_upgrade.services import mistral_api


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("OS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_options_become_variables(monkeypatch):
    monkeypatch.setenv("OS_TOKEN", "kept")
    parser = argparse.ArgumentParser()
    options.add_cloud(parser)
    session.use_options(parser.parse_args(
        ["--os-auth-type", "admin_token", "--os-endpoint", "http://x/v1.0/t"]))
    assert (os.environ["OS_AUTH_TYPE"], os.environ["OS_TOKEN"]) == ("admin_token", "kept")
    assert session.cloud_session().get_endpoint(service_type="database") == "http://x/v1.0/t"


def test_no_cloud_says_what_to_do():
    with pytest.raises(session.ConnectionFailed, match="--os-cloud"):
        session.cloud_session("nowhere")


def test_clouds_yaml_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {bare: {auth_type: admin_token, auth: {endpoint: 'http://y', token: t}}}\n")
    assert session.cloud_session("bare").get_endpoint(service_type="database") == "http://y"


@pytest.mark.parametrize("url", ["http://m:8989", "http://m:8989/", "http://m:8989/v2",
                                 "http://m:8989/v2/"])
def test_url_with_and_without_version(url):
    assert mistral_api.with_version(url) == "http://m:8989/v2"


def test_password_is_not_shown_by_the_client():
    os.environ.update(OS_AUTH_TYPE="admin_token", OS_TOKEN="t0p-s3cret", OS_ENDPOINT="http://y")
    assert "t0p-s3cret" not in repr(session.cloud_session())
