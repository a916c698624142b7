"""Several environments in one Google project and one AWS account: none is in another's way, up or down."""

from __future__ import annotations

from pathlib import Path

from infra import outputs
from local_cloud.cloud import LocalCloud
from local_cloud.demo.story import ROWS
from local_cloud.stage import Stage


def test_one_of_two_environments_is_destroyed_and_the_other_reads_on(cloud: LocalCloud, tmp_path: Path) -> None:
    with Stage(cloud, tmp_path, name="dev") as dev:
        prod = dev.beside("prod", {"memoryMb": "256"})
        nothing = dev.holdings()
        dev.up()
        alone = dev.holdings()
        prod.up()
        assert alone < dev.holdings(), "the second took nothing from the first"
        for stage in (dev, prod):
            stage.put_rows(ROWS)
            assert not stage.invoke().failed
        names = [stage.output(name) for stage in (dev, prod) for name in outputs.OF_READER]
        assert len(set(names)) == len(names), "no output of one is an output of the other"

        dev.destroy()
        prod.forget_tokens()
        read = prod.invoke()
        assert not read.failed, read.log
        assert set(prod.up()) == {"same"}
        prod.destroy()
        assert dev.holdings() == nothing
