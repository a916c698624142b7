"""`keyless lock` pins what a function ships: the library's requirements and the user's, wherever the library is."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyless_bigquery.packaging.lock import LIBRARY, USER, read
from keyless_tools import lock as locking
from keyless_tools.boundary import UsageError
from keyless_tools.cli import main
from tests.packaging.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A function, and a registry with two packages, of which the library requires one."""
    made = Workshop(tmp_path)
    for name in ("acme", "bolt"):
        made.add_wheel(name, {f"{name}.py": ""}, tag="py3-none-any")
    library = tmp_path / "site-packages" / "keyless_bigquery" / "runtime" / "requirements.in"
    library.parent.mkdir(parents=True)
    library.write_text("acme==1.0\n")
    monkeypatch.setattr(locking, "_LIBRARYS", library)
    for variable, value in {"UV_FIND_LINKS": str(made.wheels), "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}.items():
        monkeypatch.setenv(variable, value)
    return made


def test_each_package_has_its_hash_and_who_named_it_on_every_machine(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.source / "requirements.in").write_text("bolt\n")
    monkeypatch.chdir(tmp_path)
    assert main(["lock"]) == 0
    assert capsys.readouterr().err == "lambda_src/requirements.txt is up to date\n"
    text = (workshop.source / "requirements.txt").read_text()
    assert {entry.name: entry.needed_by for entry in read(text)} == {"acme": {LIBRARY}, "bolt": {USER}}
    assert text.count("--hash=sha256:") == 2
    assert "    # via -r keyless_bigquery/runtime/requirements.in\n" in text
    assert "    # via -r lambda_src/requirements.in\n" in text


def test_what_cannot_be_locked_is_reported_in_a_line_and_the_lock_stays(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=r"requirements\.in is not there"):
        locking.lock(workshop.source)
    (workshop.source / "requirements.in").write_text("absent==7\n")
    (workshop.source / "requirements.txt").write_text("# as it was\n")
    assert main(["lock", str(workshop.source)]) == 1
    shown = capsys.readouterr().err
    assert "requirements.in can't be locked: " in shown
    assert "absent==7" in shown
    assert shown.count("\n") == 1
    assert (workshop.source / "requirements.txt").read_text() == "# as it was\n"
