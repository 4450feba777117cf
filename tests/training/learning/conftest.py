"""What tests of learning share."""

from pathlib import Path

import pytest

from tests.training.small_corpus import files, prepared


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of a few songs to train on, and a few to validate on."""
    return prepared(tmp_path_factory.mktemp("data"), files(12), 0.3)
