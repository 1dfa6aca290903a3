"""The JupyterLab of the tests keeps to itself: neither another server nor what its user has at home is in its way."""

import json
import urllib.request
from urllib.parse import urlsplit

from tests.browser.run_lesson import jupyterlab, own_folders


def get(address, path):
    """What the server answers under `path`, as JSON."""
    parts = urlsplit(address)
    with urllib.request.urlopen(f"http://{parts.netloc}/{path}?{parts.query}") as answer:
        return json.load(answer)


def test_what_another_server_writes_at_home_is_not_read(tmp_path, monkeypatch):
    home = own_folders(tmp_path / "home")
    for name, folder in home.items():
        monkeypatch.setenv(name, folder)
    workspaces = tmp_path / "home/jupyterlab_workspaces_dir"
    workspaces.mkdir(parents=True)
    (workspaces / "default-37a8.jupyterlab-workspace").touch()  # as it is for a moment while it is written
    (tmp_path / "home/jupyter_config_dir").mkdir()
    (tmp_path / "home/jupyter_config_dir/jupyter_server_config.py").write_text(
        "c.ServerApp.base_url = '/mine/'"
    )
    before = sorted(tmp_path.rglob("home/**/*"))
    (tmp_path / "lessons/notebooks").mkdir(parents=True)
    with jupyterlab(tmp_path / "lessons", dark=True) as address:
        assert get(address("a.ipynb"), "lab/api/workspaces") == {"workspaces": {"ids": [], "values": []}}
        theme = get(address("a.ipynb"), "lab/api/settings/@jupyterlab/apputils-extension:themes")
        assert "JupyterLab Dark" in theme["raw"]
    assert sorted(tmp_path.rglob("home/**/*")) == before


def test_two_servers_at_once_have_nothing_in_common(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        (folder / "notebooks").mkdir(parents=True)
    with jupyterlab(folders[0], dark=False) as first, jupyterlab(folders[1], dark=False) as second:
        ports = {urlsplit(address("a.ipynb")).port for address in (first, second)}
        assert len(ports) == 2
    assert not set(own_folders(folders[0] / "jupyter").values()) & set(
        own_folders(folders[1] / "jupyter").values()
    )
