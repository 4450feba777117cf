from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.music.vocabulary import MASK, Track, onset_token  # noqa: E402
from schmubert.engine.networks.config import PRESETS, ModelConfig  # noqa: E402
from schmubert.engine.networks.convolutional import ConvTransformer  # noqa: E402
from schmubert.engine.networks.layers import (  # noqa: E402
    CopyHead,
    Embedding,
    RepeatFeatures,
    Shifted,
    parameters,
)
from schmubert.engine.networks.tonality import Chroma, Key  # noqa: E402

TINY = ModelConfig(token_width=8, width=16, layers=2, heads=2, positions="rotary", dropout=0.0)


@pytest.mark.parametrize(
    ("preset", "count"),
    [("schmubert-melody", 76_601_088), ("schmubert-trio", 78_329_600), ("live", 7_379_328)],
)
def test_parameters_are_those_of_the_tables(preset: str, count: int) -> None:
    with torch.device("meta"):
        assert parameters(ConvTransformer(PRESETS[preset])) == count


def test_where_the_tables_say_another_count_it_is_by_whole_rows_of_the_vocabulary() -> None:
    """Tables 5.4 and 5.6 against the layers: an event has a vector of 128 going in and one out."""
    trio, melody = PRESETS["schmubert-trio"], PRESETS["schmubert-melody"]
    row = trio.token_width + melody.token_width
    with torch.device("meta"):
        counts = {config: parameters(ConvTransformer(config)) for config in (trio, melody)}
    assert counts[trio] - 78_303_488 == 102 * row  # table 5.4
    assert 76_603_392 - counts[melody] == 9 * row  # table 5.6
    added = 91 * 128 + 513 * 128 + 90 * 128 + 512 * 128  # bass and drums, in and out
    added += 2 * (128 * 512 * 4 + 512) + 2 * (512 * 128 * 4 + 128) + 2 * 512 * 512
    assert counts[trio] - counts[melody] == added


def test_a_block_of_the_thesis_has_3152384_parameters() -> None:
    with torch.device("meta"):
        model = ConvTransformer(PRESETS["schmubert-trio"])
    assert parameters(model.blocks[0]) == 3_152_384


@pytest.mark.parametrize("bars", [1, 4, 5, 64])
def test_logits_have_the_shape_of_the_window(bars: int) -> None:
    tokens = torch.zeros(2, 16 * bars, 3, dtype=torch.long)
    logits = ConvTransformer(TINY)(tokens)
    assert [tuple(x.shape) for x in logits] == [(2, 16 * bars, n) for n in (90, 90, 512)]


def test_every_cell_is_heard_at_every_other() -> None:
    torch.manual_seed(0)
    model = ConvTransformer(TINY).eval()
    tokens = torch.zeros(1, 64, 3, dtype=torch.long)
    changed = tokens.clone()
    changed[0, 63, 2] = 511
    before, after = model(tokens)[0], model(changed)[0]
    assert (before[0, 0] != after[0, 0]).any()


def test_chroma_counts_the_onsets_around_each_beat() -> None:
    config = replace(TINY, chroma_beats=(1, 3))
    chroma = Chroma(config)
    tokens = torch.zeros(1, 32, 3, dtype=torch.long)
    tokens[0, 4, Track.MELODY] = onset_token(60)
    tokens[0, 6, Track.MELODY] = onset_token(64)
    tokens[0, 5, Track.BASS] = MASK[Track.BASS]
    tokens[0, :, Track.DRUMS] = 60
    with torch.no_grad():
        chroma.into_stream.weight.copy_(torch.eye(16, 48))
        beats = chroma(tokens)[0]  # the first 16: melody within 1 beat, then within 3
    expected = torch.zeros(8, 16)
    expected[1, [0, 4]] = 1 / 3
    expected[:3, 12 + 0] = 1 / 3
    assert torch.allclose(beats[:, :12], expected[:, :12])
    assert torch.allclose(beats[:, 12:13], expected[:, 12:13])


def _tune(key: int) -> "torch.Tensor":
    """A major scale on `key` over four bars, bass and drums unknown."""
    tokens = torch.tensor([MASK]).repeat(64, 1)
    tokens[:, Track.MELODY] = 0
    for number, interval in enumerate((0, 2, 4, 5, 7, 9, 11, 12)):
        tokens[4 * number, Track.MELODY] = onset_token(60 + key + interval)
    return tokens[None]


def test_a_scale_is_heard_in_its_key_and_moved_to_c() -> None:
    key = Key(replace(TINY, one_key=True))
    tunes = torch.cat([_tune(k) for k in range(12)])
    assert key(tunes).tolist() == list(range(12))
    in_c = key.to_c(tunes, key(tunes))
    for k in range(12):
        moved = in_c[k, :, Track.MELODY] - in_c[0, :, Track.MELODY]
        assert (moved % 12 == 0).all()
    assert (in_c[:, :, Track.BASS] == MASK[Track.BASS]).all()
    assert torch.equal(in_c[..., Track.DRUMS], tunes[..., Track.DRUMS])


def test_with_one_key_the_same_is_said_of_a_melody_in_every_key() -> None:
    torch.manual_seed(0)
    model = ConvTransformer(replace(TINY, one_key=True, factored=True, chroma_beats=(1, 5))).eval()
    in_c, in_e_flat = model(_tune(0)), model(_tune(3))
    for track in (Track.MELODY, Track.BASS):
        middle = in_c[track][..., onset_token(40) : onset_token(70)]
        moved = in_e_flat[track][..., onset_token(43) : onset_token(73)]
        assert torch.allclose(middle, moved, atol=1e-5)
        assert torch.allclose(in_c[track][..., :2], in_e_flat[track][..., :2], atol=1e-5)
    assert torch.allclose(in_c[Track.DRUMS], in_e_flat[Track.DRUMS], atol=1e-5)


def test_nothing_known_is_in_c_and_the_lowest_and_highest_notes_stay_in_range() -> None:
    key = Key(replace(TINY, one_key=True))
    nothing = torch.tensor([MASK]).repeat(16, 1)[None]
    assert key(nothing).tolist() == [0]
    assert torch.equal(key.to_c(nothing, key(nothing)), nothing)
    edges = nothing.clone()
    edges[0, :2, Track.BASS] = torch.tensor([onset_token(21), onset_token(108)])
    for k in range(12):
        moved = key.to_c(edges, torch.tensor([k]))[0, :2, Track.BASS]
        assert ((moved >= 2) & (moved < MASK[Track.BASS])).all()
        assert ((moved - edges[0, :2, Track.BASS] + k) % 12 == 0).all()


COPYING = replace(TINY, copy_steps=(4, 16))


def test_elsewhere_is_what_stands_before_and_after_and_the_mask_beyond_the_window() -> None:
    tokens = torch.arange(32)[None, :, None].repeat(1, 1, 3)
    there = Shifted(COPYING)(tokens)
    assert there.shape == (1, 32, 4, 3)
    assert there[0, 10, :, Track.BASS].tolist() == [90, 6, 14, 26]
    assert there[0, 20, :, Track.DRUMS].tolist() == [4, 16, 24, 512]


def test_repeats_tell_what_comes_again_from_what_does_not_and_nothing_of_the_masked() -> None:
    repeats, elsewhere = RepeatFeatures(COPYING), Shifted(COPYING)

    def shares(tokens: "torch.Tensor") -> "torch.Tensor":
        """Alike and unlike shares within a beat, as the layer sees them: [4, distances, beats]."""
        with torch.no_grad():
            repeats.into_stream.weight.zero_()
            repeats.into_stream.weight[:16, :16] = torch.eye(16)
            seen = repeats(tokens, elsewhere(tokens))[0, :, :16].T
        return seen.reshape(4, 4, tokens.shape[1] // 4)

    music = torch.zeros(1, 64, 3, dtype=torch.long)
    music[:, ::4, Track.MELODY] = onset_token(60)
    alike, unlike, *_ = shares(music)
    assert (alike[1, 1:] == 0.5).all()  # a beat before: one onset alike, of one and a half
    assert not unlike[:, 4:12].any()
    music[:, 16:, Track.MELODY] = torch.where(music[:, 16:, 0] > 0, onset_token(62), 0)
    alike, unlike, *_ = shares(music)
    assert unlike[0, 4] == 0.5
    assert alike[0, 4] == 0
    music[..., :] = torch.tensor(MASK)
    assert not any(part.any() for part in shares(music))


def test_a_copy_speaks_for_what_stands_elsewhere_and_for_nothing_masked() -> None:
    copies = CopyHead(Track.BASS, COPYING)
    there = torch.tensor([[[onset_token(36), 0, MASK[Track.BASS], onset_token(36)]]])
    with torch.no_grad():
        copies.weights.weight.zero_()
        copies.weights.weight[:, 0] = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
        of_cell = torch.zeros(1, 1, 8)
        of_cell[..., 0] = 1.0
        added = copies(torch.zeros(1, 1, 90), of_cell, there)[0, 0]
    assert added[onset_token(36)] == (1 + 16) + (8 + 128)
    assert added[0] == 2  # a held note is no onset
    assert added.sum() == 155


def test_a_network_that_starts_to_copy_says_at_first_what_it_said_before() -> None:
    torch.manual_seed(0)
    before, after = ConvTransformer(TINY), ConvTransformer(COPYING)
    after.load_state_dict(after.state_dict() | before.state_dict())
    tokens = torch.randint(0, 90, (2, 64, 3))
    assert all(torch.equal(a, b) for a, b in zip(before(tokens), after(tokens), strict=True))


def test_downsampling_and_upsampling_are_the_convolutions_they_hold() -> None:
    torch.manual_seed(0)
    model = ConvTransformer(TINY)
    summary, expansion = model.downsamples[0], model.upsamples[0]
    with torch.no_grad():
        summary.bias.normal_()
        expansion.bias.normal_()
    steps, beats = torch.randn(2, 32, 8), torch.randn(2, 8, 16)
    convolved = torch.nn.Conv1d.forward(summary, steps.transpose(1, 2)).transpose(1, 2)
    assert torch.allclose(summary(steps), convolved, atol=1e-5)
    expanded = torch.nn.ConvTranspose1d.forward(expansion, beats.transpose(1, 2)).transpose(1, 2)
    assert torch.allclose(expansion(beats), expanded, atol=1e-5)


def test_events_of_a_pitch_class_share_a_part_of_their_vectors() -> None:
    embedding = Embedding(Track.BASS, replace(TINY, factored=True))
    with torch.no_grad():
        embedding.weight.zero_()
        low, high, other, hold, mask = embedding(
            torch.tensor([onset_token(36), onset_token(48), onset_token(50), 0, MASK[Track.BASS]])
        )
        assert not torch.equal(low, high)
        octaves = embedding.shared[12 + 3] - embedding.shared[12 + 4]
        assert torch.allclose(low - high, octaves, atol=1e-5)
        assert not torch.allclose(low - other, octaves, atol=1e-2)
        assert not hold.any()
        assert not mask.any()


def test_rotary_windows_of_different_lengths_agree_on_what_repeats() -> None:
    """Positions are relative: a window that is one note long sounds alike anywhere in it."""
    torch.manual_seed(0)
    model = ConvTransformer(replace(TINY, layers=1)).eval()
    constant = torch.zeros(1, 16 * 16, 3, dtype=torch.long)
    long, short = model(constant)[1], model(constant[:, :128])[1]
    assert torch.allclose(long[:, :128], short, atol=1e-5)


def test_a_window_beyond_learned_positions_is_refused() -> None:
    model = ConvTransformer(replace(TINY, positions="learned", longest_steps=64))
    with pytest.raises(ValueError, match="64"):
        model(torch.zeros(1, 80, 3, dtype=torch.long))
