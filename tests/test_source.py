"""A Source is a sequence of samples, the same ones however and wherever they are asked for."""

from __future__ import annotations

import gc
import pickle
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pytest

import synthdata as sd
from synthdata.seeding import MAX_INDEX
from synthdata.testing import stream_digest
from tests.registry.distributions import install, install_grey

OUTPUT = sd.Output(
    image=sd.Image(3, 3, 1),
    label=sd.ClassLabel(("even", "odd")),
    metadata={"draws": sd.Tensor("float32", (sd.UpTo(5),)), "name": sd.Text()},
)


class Noise(sd.Generator):
    """Draws in several ways, letting other threads run between the draws."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return OUTPUT

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        image = rng.integers(256, size=(3, 3, 1), dtype=np.uint8)
        time.sleep(0)
        draws = rng.random(int(rng.integers(6)), dtype=np.float32)
        time.sleep(0)
        label = int(rng.integers(2))
        return sd.Sample(image, label, {"draws": draws, "name": rng.bytes(3).hex()})


class Counted(Noise):
    """Counts how often it was opened and closed, slowly."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[float] = []
        self.closed: list[float] = []

    def open(self) -> None:
        time.sleep(0.02)
        self.opened.append(1)

    def close(self) -> None:
        self.closed.append(1)


class Failing(Noise):
    """Does at index 3 what it was told to."""

    def __init__(self, error: BaseException | None = None, **changes: Any) -> None:
        super().__init__()
        self.error, self.changes = error, changes

    def sample(self, rng: Any) -> sd.Sample:
        sample = super().sample(rng)
        if rng.index == 3 and self.error is not None:
            raise self.error
        return sample._replace(**self.changes) if rng.index == 3 else sample


RAISE_LINE = Failing.sample.__code__.co_firstlineno + 3


def noise(samples: int | None = 20, seed: int = 7) -> sd.Source:
    return sd.Source.of(Noise(), seed=seed, samples=samples)


def test_a_source_has_a_length_and_ends() -> None:
    source = noise(5)
    assert len(source) == 5
    assert len(list(source)) == 5
    assert stream_digest(source) == stream_digest([source[i] for i in range(5)])
    assert stream_digest(reversed(source)) == stream_digest([source[i] for i in (4, 3, 2, 1, 0)])


def test_a_negative_index_counts_from_the_end() -> None:
    source = noise(5)
    assert stream_digest([source[-1], source[-5]]) == stream_digest([source[4], source[0]])


@pytest.mark.parametrize("index", [5, 6, -6, 2**70])
def test_an_index_beyond_the_end_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        noise(5)[index]


@pytest.mark.parametrize("index", ["1", 1.0, None, (1, 2)])
def test_an_index_that_is_no_integer_is_a_type_error(index: Any) -> None:
    with pytest.raises(TypeError):
        noise(5)[index]


def test_samples_differ_by_index_and_by_seed() -> None:
    digests = {stream_digest([sample]) for seed in (0, 1, 7) for sample in noise(20, seed)}
    assert len(digests) == 60


def test_a_sample_is_what_the_generator_draws_from_the_stream_of_its_index() -> None:
    sample, drawn = noise()[11], Noise().sample(sd.Rng(7, 11))
    np.testing.assert_array_equal(sample.image, drawn.image)
    assert sample.label == drawn.label
    assert type(sample.label) is np.int64
    np.testing.assert_array_equal(sample.metadata["draws"], drawn.metadata["draws"])
    assert sample.metadata["name"] == drawn.metadata["name"]


SLICES = [
    slice(None),
    slice(3, 9),
    slice(2, None, 3),
    slice(-5, None),
    slice(None, None, -1),
    slice(15, 2, -4),
    slice(4, 4),
    slice(10, 1000),
]


@pytest.mark.parametrize("outer", SLICES, ids=str)
@pytest.mark.parametrize("inner", SLICES, ids=str)
def test_a_slice_of_a_slice_holds_the_samples_that_a_list_would(outer: slice, inner: slice) -> None:
    source = noise()
    expected = list(range(20))[outer][inner]
    part = source[outer][inner]
    assert isinstance(part, sd.Source)
    assert len(part) == len(expected)
    assert list(part.indices) == expected
    assert stream_digest(part) == stream_digest([source[i] for i in expected])


def test_an_endless_source_has_no_length_but_slices_that_have() -> None:
    source = noise(None)
    assert source.endless
    with pytest.raises(TypeError, match="an endless source has no len; give the recipe samples="):
        len(source)
    assert len(source[10:14]) == 4
    assert stream_digest(source[10:14]) == stream_digest([noise(20)[i] for i in range(10, 14)])
    assert source[MAX_INDEX].image.shape == (3, 3, 1)
    with pytest.raises(IndexError):
        source[MAX_INDEX + 1]
    with pytest.raises(TypeError, match="no len"):
        len(source[5:])


def test_a_pickled_source_gives_the_same_samples() -> None:
    for source in (noise(), noise()[3:17:2], noise(None)[5:9]):
        list(source[:2])  # its Rng and its open generator must not travel
        again = pickle.loads(pickle.dumps(source))
        assert len(again) == len(source)
        assert stream_digest(again) == stream_digest(source)
    endless = pickle.loads(pickle.dumps(noise(None)))
    assert endless.endless
    assert stream_digest([endless[3]]) == stream_digest([noise()[3]])


def test_threads_that_share_a_source_get_the_sequential_samples() -> None:
    source = noise(64)
    expected = [stream_digest([sample]) for sample in noise(64)]
    start = threading.Barrier(8)
    wrong: list[Any] = []

    def draw(worker: int) -> None:
        order = list(range(64)) * 3
        random.Random(worker).shuffle(order)
        start.wait()
        for index in order:
            if stream_digest([source[index]]) != expected[index]:
                wrong.append((worker, index))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=draw, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


def test_a_fresh_process_draws_the_same_bytes(plugins: Path) -> None:
    install_grey(plugins)
    recipe = sd.Recipe(generator="grey-v1", params={"size": 5}, seed=7, samples=30)
    here = stream_digest(sd.Source(recipe, registry=sd.Registry(path=[str(plugins)])))
    script = f"""\
import sys
sys.path[:0] = [{str(plugins)!r}, {str(Path(__file__).parents[1])!r}]
import synthdata as sd
from synthdata.testing import stream_digest
recipe = sd.Recipe.parse({recipe.model_dump_json()!r})
print(stream_digest(sd.Source(recipe)))
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == (here, "")


def test_opening_is_left_to_the_first_sample_and_done_once() -> None:
    generator = Counted()
    source = sd.Source.of(generator, samples=5)
    assert source[1:3].output == OUTPUT
    assert generator.opened == []
    source[0]
    source[1:3][0]
    source.open()
    assert len(generator.opened) == 1


def test_threads_that_ask_at_once_open_once() -> None:
    generator = Counted()
    source = sd.Source.of(generator, samples=100)
    start = threading.Barrier(8)

    def draw(index: int) -> None:
        start.wait()
        source[index]

    threads = [threading.Thread(target=draw, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(generator.opened) == 1


def test_closing_closes_once_and_only_what_was_opened() -> None:
    generator = Counted()
    source = sd.Source.of(generator, samples=5)
    source.close()
    assert generator.closed == []
    source[0]
    source.close()
    source.close()
    assert len(generator.closed) == 1
    del source
    gc.collect()
    assert len(generator.closed) == 1


def test_the_end_of_the_last_slice_closes_the_generator() -> None:
    generator = Counted()
    source = sd.Source.of(generator, samples=5)
    source[0]
    part = source[1:3]
    del source
    gc.collect()
    assert generator.closed == []
    part[0]
    del part
    gc.collect()
    assert len(generator.closed) == 1


def test_what_open_raises_names_the_generator() -> None:
    class NoFont(Noise):
        def open(self) -> None:
            raise OSError("no such font")

    line = NoFont.open.__code__.co_firstlineno + 1
    source = sd.Source.of(NoFont(), samples=5)
    for act in (source.open, lambda: source[0]):
        with pytest.raises(
            sd.SynthDataError,
            match=rf"NoFont: open raised OSError: no such font \(at test_source\.py:{line}\)",
        ) as caught:
            act()
        assert isinstance(caught.value.__cause__, OSError)

    class NoFile(Noise):
        def open(self) -> None:
            raise sd.AssetError("/fonts: there is no font", path="/fonts")

    with pytest.raises(sd.AssetError, match=r"^/fonts: there is no font$"):
        sd.Source.of(NoFile(), samples=5).open()


def test_a_contract_error_says_which_sample_of_which_generator_and_where() -> None:
    source = sd.Source.of(Failing(label=2), seed=7, samples=5)
    assert source[2].image.shape == (3, 3, 1)
    with pytest.raises(sd.ContractError) as caught:
        source[3]
    line = Failing.sample.__code__.co_firstlineno
    assert str(caught.value) == (
        "Failing sample 3 (seed 7): label is 2 (int), but an index from 0 to 1 or a name is "
        f"declared: even, odd [test_source.py:{line}]"
    )
    error = caught.value
    assert (error.id, error.seed, error.index, error.attempt) == ("Failing", 7, 3, 0)
    assert (error.feature, error.distribution, error.version) == ("label", None, None)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.feature) == (type(error), str(error), "label")


BAD = """\
import numpy as np
import synthdata as sd


class Bad(sd.Generator):
    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(2, 2))

    def sample(self, rng):
        return sd.Sample(np.zeros((2, 2), np.uint8))
"""


def test_an_error_of_a_plugin_names_its_distribution_and_version(plugins: Path) -> None:
    install(plugins, "bad-plugin", {"bad-v1": "bad_module:Bad"}, modules={"bad_module": BAD})
    recipe = sd.Recipe(generator="bad-v1", seed=9, samples=100)
    source = sd.Source(recipe, registry=sd.Registry(path=[str(plugins)]))
    line = BAD.splitlines().index("    def sample(self, rng):") + 1
    with pytest.raises(sd.ContractError) as caught:
        source[50:][4]
    assert str(caught.value) == (
        "bad-v1 sample 54 (seed 9): image has shape (2, 2), but (2, 2, 3) uint8 is declared; "
        f"the axes are (height, width, channels) [bad-plugin 1.0, bad_module.py:{line}]"
    )
    assert (caught.value.distribution, caught.value.version) == ("bad-plugin", "1.0")


def test_what_a_sample_raises_is_kept_as_the_cause_and_its_line_named() -> None:
    source = sd.Source.of(Failing(KeyError("font")), seed=7, samples=5)
    with pytest.raises(sd.GeneratorFailedError) as caught:
        source[3]
    line = Failing.sample.__code__.co_firstlineno
    assert str(caught.value) == (
        "Failing sample 3 (seed 7): sample raised KeyError: 'font' "
        f"(at test_source.py:{RAISE_LINE}) [test_source.py:{line}]"
    )
    assert isinstance(caught.value.__cause__, KeyError)
    assert source[4].image.shape == (3, 3, 1)


def test_sys_exit_in_a_sample_does_not_end_the_program() -> None:
    source = sd.Source.of(Failing(SystemExit(3)), samples=5)
    with pytest.raises(sd.GeneratorFailedError, match="sample raised SystemExit: 3") as caught:
        source[3]
    assert isinstance(caught.value.__cause__, SystemExit)


def test_ctrl_c_in_a_sample_ends_the_program() -> None:
    source = sd.Source.of(Failing(KeyboardInterrupt()), samples=5)
    with pytest.raises(KeyboardInterrupt):
        source[3]


def test_an_asset_error_in_a_sample_passes_its_text() -> None:
    error = sd.AssetError("/photos/3.png: not an image", path="/photos/3.png")
    source = sd.Source.of(Failing(error), seed=7, samples=5)
    with pytest.raises(sd.GeneratorFailedError) as caught:
        source[3]
    assert caught.value.problem == "/photos/3.png: not an image"
    assert caught.value.__cause__ is error


def test_validation_may_be_sampled_or_off_but_structure_is_always_checked() -> None:
    class Dark(Noise):
        @classmethod
        def describe(cls, params: Any) -> sd.Output:
            return sd.Output(image=sd.Image(2, 2, 1, le=9), label=sd.ClassLabel(("a",)))

        def sample(self, rng: Any) -> sd.Sample:
            label = 1 if rng.index == 5 else 0
            return sd.Sample(np.full((2, 2, 1), 10, np.uint8), label)

    def refused(validate: Any) -> list[int]:
        source = sd.Source.of(Dark(), samples=40, validate=validate)
        found = []
        for index in range(40):
            try:
                source[index]
            except sd.ContractError:
                found.append(index)
        return found

    assert refused("all") == list(range(40))
    assert refused("sampled") == [0, 5, 16, 32]
    assert refused("off") == [5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed=-1: a whole number from 0"),
        ({"seed": 2**64}, "seed=18446744073709551616: a whole number"),
        ({"seed": 1.5}, r"seed=1\.5: a whole number"),
        ({"samples": 0}, "samples=0: a whole number from 1"),
        ({"samples": -3}, "samples=-3: a whole number from 1"),
        ({"samples": 2**48 + 1}, "samples=281474976710657: a whole number"),
        ({"samples": "9"}, "samples='9': a whole number"),
        ({"validate": "al"}, "validate='al': expected 'all' or 'sampled' or 'off'"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.RecipeError, match=message):
        sd.Source.of(Noise(), **options)


@runtime_checkable
class RandomAccess(Protocol):
    """What torch's map-style datasets and Grain's random-access sources have."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...


def test_a_source_is_a_map_style_dataset_for_torch_and_grain() -> None:
    source = noise()
    assert isinstance(source, RandomAccess)
    order = np.random.default_rng(0).permutation(len(source))  # samplers give NumPy integers
    fetched = [source[index] for index in order]
    assert stream_digest(fetched) == stream_digest([noise()[int(index)] for index in order])
    worker = pickle.loads(pickle.dumps(source))  # loaders send it to their workers
    assert stream_digest([worker[int(order[0])]]) == stream_digest(fetched[:1])


def test_the_repr_shows_generator_seed_and_range() -> None:
    assert repr(noise()[3:9]) == "<Source of <Noise>, seed 7, range(3, 9)>"
    assert repr(noise(None)) == "<Source of <Noise>, seed 7, endless>"


def test_what_is_declared_empty_is_given_empty() -> None:
    output = sd.Output(image={}, label={"a": {}}, metadata={"b": {}, "c": sd.Scalar("int64")})
    made = sd.Sample({}, {"a": {}}, {"b": {}, "c": 3})
    source = sd.Source.of(sd.from_function(lambda rng: made, output), samples=1)
    assert source[0] == made
