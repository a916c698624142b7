"""A variable that names a file of a layer names where it was unpacked; every other one stays as it is."""

from __future__ import annotations

from federation_emulator.ports.opt_folder import moved


def test_values_in_opt_are_in_the_folder_and_no_others() -> None:
    given = {"FILE": "/opt/a.json", "OTHER": "/option/a", "LATER": "x:/opt/a", "FOLDER": "/opt/"}
    found = moved({"Variables": given}, "/unpacked/")["Variables"]
    assert found == {"FILE": "/unpacked/a.json", "OTHER": "/option/a", "LATER": "x:/opt/a", "FOLDER": "/unpacked/"}
    assert moved({}, "/unpacked/") == {"Variables": {}}
