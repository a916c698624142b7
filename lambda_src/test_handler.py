"""The function, run against a local Google: `pytest lambda_src`."""

import json
from pathlib import Path

from handler import lambda_handler

EVENT = json.loads(Path(__file__).with_name("example_event.json").read_text())


def test_it_prints_the_rows_and_returns_the_event(local_function, capsys):
    local_function.add_table(
        "shop.users",
        {"user_id": "INTEGER", "name": "STRING"},
        rows=[{"user_id": 1, "name": "Alice"}, {"user_id": 2, "name": None}],
    )
    assert local_function.invoke(lambda_handler, EVENT) == EVENT
    assert capsys.readouterr().out == "The query data:\nuser_id=1, name=Alice\nuser_id=2, name=None\n"
