"""The layer holds the one file, and the function finds it by the one variable."""

from __future__ import annotations

from pathlib import Path

from tests.components.recording import record

PROGRAM = Path(__file__).parent / "programs" / "credential_layer.py"


def test_the_layer_holds_the_file_where_the_variable_says() -> None:
    stack = record(program=PROGRAM)
    layer = stack.only("aws:lambda/layerVersion:LayerVersion")
    assert (layer.name, layer.inputs["layerName"]) == ("orders-layer", "orders")
    files = layer.inputs["code"].assets
    assert {name: asset.text for name, asset in files.items()} == {
        "credential-configuration.json": '{"type": "external_account"}'
    }
    assert stack.outputs["environment"] == {"GOOGLE_APPLICATION_CREDENTIALS": "/opt/credential-configuration.json"}
