"""The plain, the hierarchical and the U-shaped transformer of the thesis."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import OF_THE_THESIS, PRESETS, ModelConfig  # noqa: E402
from schmubert.engine.networks.layers import parameters  # noqa: E402

TINY = ModelConfig(token_width=16, width=16, layers=2, heads=2, longest_steps=256, dropout=0.0)
TINY_ONES = {
    "transformer": replace(TINY, architecture="transformer"),
    "hierarchical": replace(TINY, token_width=8, architecture="hierarchical"),
    "u": replace(TINY, layers=1, architecture="u", levels=3),
}
EVERY = pytest.mark.parametrize("config", TINY_ONES.values(), ids=TINY_ONES)
WHOLES = {"transformer": 16, "hierarchical": 32, "u": 8}
"""What a window is filled up to a multiple of."""


def made(config: ModelConfig) -> "torch.nn.Module":
    """A network in which every number is of some size, so that nothing is silent."""
    torch.manual_seed(1)
    built = network(config)
    for weight in built.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return built.eval()


def music(bars: int, batch: int = 1) -> "torch.Tensor":
    rng = torch.Generator().manual_seed(bars)
    columns = [torch.randint(SIZES[t] + 1, (batch, 16 * bars), generator=rng) for t in TRIO]
    return torch.stack(columns, dim=-1)


@pytest.mark.parametrize(
    ("preset", "count"),
    [
        ("hierarchical-melody", 56_465_664),  # table 5.2
        ("u-melody", 80_478_208),  # table 5.3
        ("transformer-melody", 76_275_200),  # in no table
    ],
)
def test_parameters_are_those_of_the_tables(preset: str, count: int) -> None:
    with torch.device("meta"):
        assert parameters(network(PRESETS[preset])) == count


def test_the_small_ones_are_compared_at_one_size() -> None:
    small = {name: c for name, c in PRESETS.items() if name.startswith("small-")}
    assert {config.architecture for config in small.values()} == set(OF_THE_THESIS)
    with torch.device("meta"):
        counts = [parameters(network(config)) for config in small.values()]
    assert max(counts) < 1.1 * min(counts)


@EVERY
@pytest.mark.parametrize("bars", [1, 4, 5, 16])
def test_logits_have_the_shape_of_the_window(config: ModelConfig, bars: int) -> None:
    logits = network(config)(music(bars, batch=2))
    assert [tuple(x.shape) for x in logits] == [(2, 16 * bars, n) for n in (90, 90, 512)]


@EVERY
def test_a_window_longer_than_its_positions_is_refused(config: ModelConfig) -> None:
    with pytest.raises(ValueError, match="272 steps are more than the 256"):
        network(config)(music(17))


@EVERY
def test_what_fills_a_window_up_is_unknown_music(config: ModelConfig) -> None:
    model, short = made(config), music(5)
    whole = WHOLES[config.architecture]
    beyond = torch.tensor(MASK).repeat(1, -80 % whole, 1)
    for of_short, of_long in zip(model(short), model(torch.cat([short, beyond], 1)), strict=True):
        torch.testing.assert_close(of_short, of_long[:, :80])


@EVERY
def test_every_cell_is_heard_at_every_other(config: ModelConfig) -> None:
    model, tokens = made(config), music(8)
    for step, track in ((0, 0), (127, 2)):
        changed = tokens.clone()
        changed[0, step, track] = (tokens[0, step, track] + 1) % 90
        for before, after in zip(model(tokens), model(changed), strict=True):
            assert ((before - after).abs().amax(dim=2) > 0).all()


@EVERY
def test_pieces_of_a_batch_do_not_hear_each_other(config: ModelConfig) -> None:
    model, tokens = made(config), music(6, batch=3)
    for together, alone in zip(model(tokens), model(tokens[1:2]), strict=True):
        torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=1e-4)


@EVERY
def test_every_parameter_that_is_trained_is_used(config: ModelConfig) -> None:
    model = made(config).train()
    sum(of_track.square().mean() for of_track in model(music(16, batch=2))).backward()
    unused = [
        name for name, p in model.named_parameters() if p.requires_grad and not p.grad.abs().sum()
    ]
    assert unused == []


def test_groups_hear_each_other_through_their_summaries_alone() -> None:
    model = made(TINY_ONES["hierarchical"])
    torch.nn.init.zeros_(model.summary.weight)
    tokens = music(4)
    changed = tokens.clone()
    changed[0, 40, 0] = (tokens[0, 40, 0] + 1) % 90
    difference = (model(tokens)[0] - model(changed)[0]).abs().amax(dim=2)[0]
    assert not difference.any()  # nor does a group hear itself: it is split from what went up


def test_the_levels_of_the_u_are_half_as_long_as_those_above_and_skipped_to() -> None:
    model = made(TINY_ONES["u"])
    lengths = []
    for level in (*model.downs, *model.ups):
        level.register_forward_pre_hook(lambda _, given: lengths.append(given[0].shape[1]))
    tokens = music(4)
    model(tokens)
    assert lengths == [64, 32, 16, 8, 16, 32]
    for up in model.ups:  # nothing comes from below any more
        torch.nn.init.zeros_(up.weight)
        torch.nn.init.zeros_(up.bias)
    assert (model(tokens)[0] != model(tokens.flip(1))[0]).any()


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "w"},
        {"architecture": "u", "token_width": 8},
        {"architecture": "transformer", "token_width": 8},
        {"architecture": "hierarchical", "positions": "rotary"},
        {"architecture": "transformer", "copy_steps": (4,)},
    ],
)
def test_what_cannot_be_built_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="architecture"):
        replace(TINY, **changes)  # type: ignore[arg-type]


def test_positions_that_do_not_divide_into_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="250 steps do not divide into 8s"):
        network(replace(TINY_ONES["u"], longest_steps=250))


@EVERY
def test_a_checkpoint_comes_back_as_it_was(config: ModelConfig, tmp_path: Path) -> None:
    model = made(config)
    checkpoint.save(tmp_path / "m.safetensors", model.state_dict(), config, {})
    loaded, its_config = checkpoint.load(tmp_path / "m.safetensors")
    assert its_config == config
    for ours, theirs in zip(model(music(4)), loaded(music(4)), strict=True):
        torch.testing.assert_close(ours, theirs)
