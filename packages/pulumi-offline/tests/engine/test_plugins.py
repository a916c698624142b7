"""Which plugin serves a provider, for each mode, and what is left alone."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from pulumi_offline.engine import installer, official, plugin_check, plugins
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.plugins import Mode, Plugin
from pulumi_offline.engine.workspace import Workspace, plugin_version
from tests.engine import foreign

WANTED = {"gcp": "10.2.0"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def chosen(home: Path, mode: Mode = Mode.AUTO, *, path: str = "") -> Plugin:
    (plugin,) = plugins.choose(mode, WANTED, homes=[home], path=path)
    return plugin


def used(home: Path, mode: Mode = Mode.AUTO, *, path: str = "") -> Path | None:
    plugin = chosen(home, mode, path=path)
    return plugin.official.executable if plugin.official else None


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.OFFICIAL])
def test_an_official_plugin_that_is_installed_is_used_without_a_warning(home: Path, mode: Mode) -> None:
    installed = foreign.plugin(home, "gcp", "10.2.0")
    assert plugins.report([chosen(home, mode)]) == [f"plugins: gcp official 10.2.0 ({installed})"]


def test_in_stand_in_mode_an_official_plugin_is_neither_used_nor_started(home: Path, tmp_path: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0", f"touch {tmp_path}/started")
    assert plugins.report([chosen(home, Mode.STAND_IN)]) == ["plugins: gcp stand-in"]
    assert not (tmp_path / "started").exists()


def test_without_an_official_plugin_auto_takes_the_stand_in_and_official_is_one_error(home: Path) -> None:
    assert used(home) is None
    with pytest.raises(
        EngineError, match=r"no official plugin runs here for gcp; .*pulumi plugin install resource gcp"
    ):
        chosen(home, Mode.OFFICIAL)


@pytest.mark.parametrize("version", ["9.35.0", "11.0.0", "10.2.0-alpha.1"])
def test_an_official_plugin_of_another_version_is_used_with_a_warning(home: Path, version: str) -> None:
    foreign.plugin(home, "gcp", version)
    line, warning = plugins.report([chosen(home)])
    assert f"gcp official {version}" in line
    assert f"the gcp plugin in use is {version}, and its SDK asks for 10.2.0" in warning


@pytest.mark.parametrize(
    ("versions", "best"),
    [
        (["10.2.0", "11.0.0"], "10.2.0"),
        (["9.9.0", "9.35.0"], "9.35.0"),
        (["11.0.0-beta.1", "11.0.0"], "11.0.0"),
    ],
)
def test_the_sdks_version_goes_first_then_the_newest(home: Path, versions: list[str], best: str) -> None:
    for version in versions:
        foreign.plugin(home, "gcp", version)
    assert used(home) == home / "plugins" / f"resource-gcp-v{best}" / "pulumi-resource-gcp"


def test_a_plugin_on_path_goes_before_an_installed_one_and_is_asked_for_its_version(home: Path, tmp_path: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0")
    ambient = foreign.executable(
        tmp_path / "bin", "gcp", f'[ "$1" = -version ] && echo v9.35.0 && exit\n{foreign.SERVING}'
    )
    plugin = chosen(home, path=f"{tmp_path / 'bin'}{os.pathsep}/bin")
    assert str(plugin) == f"gcp official 9.35.0 ({ambient})"


def partial(home: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0")
    (home / "plugins" / "resource-gcp-v10.2.0.partial").touch()


def unreadable(home: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0").chmod(0)


def a_folder_in_its_place(home: Path) -> None:
    (home / "plugins" / "resource-gcp-v10.2.0" / "pulumi-resource-gcp").mkdir(parents=True)


def another_architecture(home: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))


def ends_at_once(home: Path) -> None:
    shutil.copy("/bin/true", foreign.plugin(home, "gcp", "10.2.0"))


def fails(home: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0", "echo 'no such library' >&2; exit 3")


def prints_something_else(home: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0", "echo hello; exec sleep 60")


def no_executable(home: Path) -> None:
    foreign.plugin(home, "gcp", "10.2.0").rename(home / "plugins" / "resource-gcp-v10.2.0" / "PulumiPlugin.yaml")


def a_link_to_nothing(home: Path) -> None:
    (home / "plugins").mkdir(parents=True)
    (home / "plugins" / "resource-gcp-v10.2.0").symlink_to("/nowhere")


BROKEN: dict[Callable[[Path], None], str | None] = {
    partial: None,
    a_link_to_nothing: None,
    unreadable: "is not executable",
    a_folder_in_its_place: "is not a file",
    no_executable: "can't be read: No such file or directory",
    another_architecture: "can't be started: Exec format error",
    ends_at_once: "ends with status 0 instead of printing its port",
    fails: "ends with status 3 instead of printing its port: no such library",
    prints_something_else: "prints 'hello' instead of its port",
}


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda made: made.__name__)
def test_a_broken_official_plugin_is_named_with_its_fault_and_never_touched(
    home: Path, break_it: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(home)
    before = foreign.bytes_below(home)
    reason = BROKEN[break_it]
    plugin = chosen(home)
    assert plugin.official is None
    assert len(plugin.rejected) == (reason is not None)
    with pytest.raises(EngineError, match="no official plugin runs here for gcp") as refused:
        chosen(home, Mode.OFFICIAL)
    if reason:
        assert reason in plugins.report([plugin])[1]
        assert reason in str(refused.value)
    monkeypatch.setenv("PULUMI_HOME", str(home))
    monkeypatch.setenv("PATH", os.defpath)
    Workspace(home.parent / "workspace").environment()
    assert foreign.bytes_below(home) == before


def test_one_that_prints_no_port_is_given_up_after_a_while(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_check, "_LIMIT_SECONDS", 0.2)
    foreign.plugin(home, "gcp", "10.2.0", "exec sleep 60")
    assert "prints no port within" in chosen(home).rejected[0]


def test_a_mode_that_does_not_exist_is_refused_with_those_that_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYLESS_PLUGINS", "real")
    with pytest.raises(EngineError, match="KEYLESS_PLUGINS is 'real'; it must be one of auto, official, stand-in"):
        Mode.of()
    monkeypatch.setenv("KEYLESS_PLUGINS", "")
    assert Mode.of() is Mode.AUTO


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("real", [True, False], ids=["an ELF file", "a text launcher"])
def test_what_is_installed_in_the_workspaces_own_home_stays_as_it_is_and_the_engine_gets_the_chosen_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, real: bool
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("KEYLESS_PLUGINS", mode)
    workspace = Workspace(tmp_path / "workspace")
    installed = {one: foreign.plugin(workspace.home, one, plugin_version(one)) for one in ("gcp", "aws", "random")}
    if real:
        shutil.copy("/bin/cat", installed["aws"])
        monkeypatch.setattr(plugin_check, "_ENGINE", _file_with_a_port(tmp_path))
    before = foreign.bytes_below(workspace.home)
    workspace.environment()
    workspace.environment()
    after = foreign.bytes_below(workspace.home)
    assert after.items() >= {path: what for path, what in before.items() if path != "plugins"}.items()
    for name, executable in installed.items():
        folder = workspace.home / "plugins" / f"resource-{name}-v{plugin_version(name)}+keyless"
        words = (folder / executable.name).read_text().splitlines()[-1].split()
        official = str(executable) in words
        assert official == (mode is not Mode.STAND_IN)
        assert ("HTTPS_PROXY=http://127.0.0.1:9" in words) == official, "it would ask public hosts, and wait for them"


def _file_with_a_port(folder: Path) -> str:
    (folder / "port").write_text("4711\n")
    return str(folder / "port")


class TestDownload:
    """What is missing is downloaded where Pulumi's host answers; else at once it is not."""

    missing = (Plugin(name="gcp", expected="10.2.0"), Plugin(name="aws", expected="7.51.1"))

    @pytest.fixture
    def progress(self) -> Progress:
        return Progress(stream=io.StringIO())

    @pytest.fixture
    def pulumi(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An engine that installs a plugin into its home, but for aws."""
        folder = tmp_path / "bin"
        folder.mkdir()
        script = """#!/bin/sh
[ "$1" = version ] && echo v3.259.0 && exit
[ "$4" = aws ] && echo 'error: 404 HTTP error' && exit 1
folder=$PULUMI_HOME/plugins/resource-$4-v$5; mkdir -p $folder
printf '#!/bin/sh\\necho 4711; exec sleep 60\\n' > $folder/pulumi-resource-$4; chmod +x $folder/pulumi-resource-$4
"""
        for name in ("pulumi", "pulumi-language-python"):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")
        monkeypatch.setenv("KEYLESS_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
        return folder

    @pytest.mark.usefixtures("pulumi")
    def test_what_can_be_had_is_used_from_then_on_and_what_can_not_is_reported(
        self, progress: Progress, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(installer, "reachable", lambda **_: True)
        official.download(self.missing, progress)
        expected = {plugin.name: plugin.expected for plugin in self.missing}
        line, *warnings = plugins.report(
            plugins.choose(Mode.AUTO, expected, homes=plugins.user_homes(), path=os.environ["PATH"])
        )
        assert line.startswith("plugins: gcp official 10.2.0 (")
        assert line.endswith("aws stand-in")
        assert warnings == []
        assert isinstance(progress.stream, io.StringIO)
        assert "downloading the official aws plugin 7.51.1 failed: error: 404 HTTP error" in progress.stream.getvalue()

    @pytest.mark.usefixtures("pulumi")
    def test_a_host_that_does_not_answer_is_one_line_and_nothing_is_started(
        self, progress: Progress, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(installer, "reachable", lambda **_: False)
        official.download(self.missing, progress)
        assert isinstance(progress.stream, io.StringIO)
        assert progress.stream.getvalue().count("\n") == 1
        assert "does not answer" in progress.stream.getvalue()
        assert not plugins.download_home().exists()

    @pytest.mark.parametrize(("value", "may"), [("true", False), ("1", False), ("", True), ("false", True)])
    def test_pulumis_own_variable_switches_downloads_off(
        self, monkeypatch: pytest.MonkeyPatch, value: str, may: bool
    ) -> None:
        monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", value)
        assert official.may_download() is may


@pytest.mark.parametrize("command", ["demo", "local-cloud"])
def test_a_command_that_is_asked_for_official_plugins_and_has_none_ends_with_one_error(
    tmp_path: Path, command: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "keyless_tools", command, "--plugins", "official"],
        cwd=ROOT,
        env={**os.environ, "PULUMI_HOME": str(tmp_path), "LOCAL_CLOUD_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stderr.count("no official plugin runs here for gcp, aws, random") == 1
    assert "Traceback" not in run.stderr
