"""The tests of a world of one again, on a GPU, where NCCL carries what the processes say to each other."""

from __future__ import annotations

import pytest
import torch

from tests.train.compute.test_world_of_one import (  # noqa: F401 - tests and their fixture
    test_a_checkpoint_arrives_without_being_pickled,
    test_tensors_arrive_with_names_shapes_types_and_bytes,
    test_training_ends_as_without_collectives,
    test_what_is_sent_comes_back,
    world,
)

if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)
pytestmark = pytest.mark.cuda


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda", 0)
