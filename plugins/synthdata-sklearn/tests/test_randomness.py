import numpy as np

import synthdata as sd
from synthdata_sklearn.randomness import random_state, single


def test_a_random_state_draws_from_the_sample_s_own_stream_and_moves_it_on() -> None:
    rng, other = sd.Rng(7, 3), sd.Rng(7, 3)
    first = random_state(rng).uniform(size=4)
    assert (first == random_state(other).uniform(size=4)).all()
    assert rng.random() == other.random() != sd.Rng(7, 3).random()


def test_random_states_of_different_samples_differ() -> None:
    drawn = {random_state(sd.Rng(7, index)).uniform() for index in range(1000)}
    assert len(drawn) == 1000


def test_a_single_is_a_number_that_float32_holds() -> None:
    assert single(0.1) == float(np.float32(0.1)) != 0.1
