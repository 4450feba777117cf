"""The band: the convolutional transformer that knows chords, forms, metres and registers.

It goes on from the network `live` of 0.2: what it adds begins at zero (`taken_over`).
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.meter import COMMON, MOST_BEATS, Meter
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    BAND_SIZES,
    CHORD_TOKENS,
    FIRST_ONSET,
    FORMS,
    HOLD,
    MASK,
    PITCHED,
    PITCHED_TOKENS,
    TRIO,
    Track,
    first_onset,
)
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import (
    Block,
    Embedding,
    Head,
    initialised,
    rotation_of,
)
from schmubert.engine.networks.meters import BEAT_PLACES, PLACES, meter_inputs
from schmubert.engine.networks.tonality import Key

ROOTS, QUALITIES = 12, 7
AROUND_REPEATS = (1, 9, 33)
"""Beats around a beat in which is counted what is alike."""
QUICK = 16.0
"""What single weights of few numbers are multiplied by: so they move as fast as sums of many."""
HELD = 30.0
"""The logit of `HOLD` where a plan cannot do anything else."""


class BandTransformer(nn.Module):
    """Partly masked columns of a band -> logits of every event at every cell.

    A beat of 4 or 6 cells is one position: each cell adds itself by the place it has in the beat.
    Chords are added to their beat, forms to all beats of their bar. Music is moved to one key, and
    the network is told by how much, so that it knows where an instrument ends.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width, token_width = config.width, config.token_width
        voices = (*TRIO, Track.COMPING)
        self.key = BandKey(config)
        self.embeddings = nn.ModuleList(Embedding(c, config) for c in voices)
        self.place_of_beat = nn.Parameter(torch.zeros(PLACES, token_width))
        self.downsamples = nn.ModuleList(Gather(token_width, width) for _ in voices)
        self.merge = nn.Linear(width * len(TRIO), width)
        self.comping_in = nn.Linear(width, width, bias=False)
        self.chord_in = nn.Embedding(CHORD_TOKENS + 1, width)
        self.chord_classes_in = nn.Linear(2 * ROOTS, width, bias=False)
        self.begins_in = nn.Embedding(2, width)
        self.form_in = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, width) for f in FORMS)
        self.moved_in = nn.Embedding(ROOTS, width)
        self.beat_in = nn.Embedding(BEAT_PLACES, width)
        self.chroma = BeatChroma(config)
        self.repeat_features = Repeats(config)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.upsamples = nn.ModuleList(Spread(width, token_width) for _ in voices)
        self.heads = nn.ModuleList(Head(c, config) for c in voices)
        self.copy_heads = nn.ModuleList(Copies(c, config) for c in voices)
        self.register = nn.Parameter(torch.zeros(len(PITCHED), PITCHED_TOKENS))
        self.leaning = nn.ModuleList(
            nn.Embedding(CHORD_TOKENS + 1, PITCHED_TOKENS) for _ in PITCHED
        )
        again = 2 * len(config.copy_steps)
        self.again = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, again) for f in FORMS)
        self.rests = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, 1) for f in FORMS)
        self.chord_head = nn.Linear(width, CHORD_TOKENS)
        self.form_heads = nn.ModuleList(nn.Linear(width, BAND_SIZES[f]) for f in FORMS)
        initialised(self, config.layers)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.startswith(SILENT):
                    weight.zero_()

    def forward(
        self,
        tokens: Tensor,
        places: Tensor,
        beats: Tensor,
        distances: Tensor,
        compact: bool = False,
    ) -> list[Tensor]:
        """Tokens [batch, steps, 8], whole bars -> logits [batch, steps, events], one a column.

        The rest is what `meter_inputs` says of the metre. `compact` gives those of chords [batch,
        beats, events] and forms [batch, bars, events] only where these columns may speak.
        """
        told = self._told(tokens, places, beats, distances)
        if compact:
            return told
        cells = places.shape[0]
        bar = cells * beats.shape[0]
        chords = _held(told[Track.CHORDS], cells)
        return [*told[: Track.CHORDS], chords, *(_held(form, bar) for form in told[5:])]

    def _told(
        self, tokens: Tensor, places: Tensor, beats: Tensor, distances: Tensor
    ) -> list[Tensor]:
        key = self.key(tokens, places.shape[0])
        tokens = self.key.to_c(tokens, key)
        cells, in_bar = places.shape[0], beats.shape[0]
        size = (tokens.shape[0], tokens.shape[1] // cells)
        at_place = self.place_of_beat[places].repeat(size[1], 1)
        voices = [
            F.relu(down(embedding(tokens[..., track]) + at_place, places))
            for track, (down, embedding) in enumerate(
                zip(self.downsamples, self.embeddings, strict=True)
            )
        ]
        x = F.relu(self.merge(torch.cat(voices[: len(TRIO)], dim=-1)))
        x = x + self.comping_in(voices[Track.COMPING])
        said = _first(tokens, cells)[..., Track.CHORDS]
        chords = _lasting(said)
        x = x + self.chord_in(chords) + self.begins_in((said != HOLD).long())
        x = x + self.chord_classes_in(F.embedding(chords, self.key.chord_features))
        of_form = _first(tokens, cells * in_bar)
        forms = [of_form[..., form] for form in FORMS]
        of_bars = torch.stack([*map(_called, self.form_in, forms)]).sum(dim=0)
        x = x + _repeated(of_bars, in_bar)
        x = x + self.moved_in(key)[:, None]
        x = x + self.beat_in(beats).repeat(of_bars.shape[1], 1)
        x = x + self.chroma(tokens, cells)
        shifted = _shifted(tokens[..., : Track.CHORDS], distances, self.key.voice_masks)
        x = x + self.repeat_features(tokens[..., : len(TRIO)], shifted[..., : len(TRIO)], cells)
        x = self.dropout(x)
        rotation = rotation_of(size[1], self.config.width // self.config.heads, x)
        for block in self.blocks:
            x = block(x, size, rotation)
        x = self.norm(x)
        logits = []
        for track in range(len(voices)):
            of_cell = F.relu(self.upsamples[track](x, places))
            named = self.heads[track](of_cell)
            again = None
            if track < len(TRIO):
                again = _repeated(QUICK * self.again[track](forms[track]), cells * in_bar)
            logits.append(self.copy_heads[track](named, of_cell, shifted[..., track], again))
        for track in PITCHED:
            logits[track] = logits[track] + _repeated(QUICK * self.leaning[track](chords), cells)
        logits = self.key.from_c(logits, key)
        for row, track in enumerate(PITCHED):
            logits[track] = logits[track] + QUICK * self.register[row]
        for track in TRIO:
            rest = _repeated(QUICK * self.rests[track](forms[track]), cells * in_bar)
            logits[track] = torch.cat([logits[track][..., :1] + rest, logits[track][..., 1:]], -1)
        chord_logits = self.key.chords_from_c(self.chord_head(x), key)
        by_bar = x.reshape(size[0], -1, in_bar, x.shape[-1]).mean(dim=2)
        return [*logits, chord_logits, *map(_called, self.form_heads, [by_bar] * len(FORMS))]


SILENT = (
    "comping_in.", "chord_in.", "chord_classes_in.", "begins_in.", "form_in.", "moved_in.",
    "beat_in.", "register", "leaning.", "again.", "rests.", "repeat_features.", "copy_heads.",
)  # fmt: skip
"""Parts that add nothing before they have learned."""


class Gather(nn.Module):
    """The cells of a beat -> one position: a matrix for each place that a cell may have."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(PLACES, channels, width) * (4 * channels) ** -0.5)
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, cells: Tensor, places: Tensor) -> Tensor:
        """[batch, steps, channels] -> [batch, beats, width]."""
        of_beat = cells.reshape(cells.shape[0], -1, places.shape[0] * cells.shape[2])
        mixed: Tensor = of_beat @ self.weight[places].flatten(0, 1) + self.bias
        return mixed


class Spread(nn.Module):
    """One position -> the cells of its beat: the reverse of `Gather`."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(PLACES, channels, width) * width**-0.5)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, beats: Tensor, places: Tensor) -> Tensor:
        """[batch, beats, width] -> [batch, steps, channels]."""
        of_beat = F.linear(beats, self.weight[places].flatten(0, 1))
        return of_beat.reshape(beats.shape[0], -1, self.bias.shape[0]) + self.bias


class BeatChroma(nn.Module):
    """What is known of the harmony around each beat, from the onsets of the pitched tracks."""

    pitch_classes: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.beats = config.chroma_beats
        self.register_buffer("pitch_classes", _pitch_classes(), persistent=False)
        inputs = 12 * len(PITCHED) * len(self.beats)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor, cells: int) -> Tensor:
        """Tokens [batch, steps, columns] -> what is added to the stream [batch, beats, width]."""
        onsets = F.embedding(tokens[..., list(PITCHED)], self.pitch_classes).permute(0, 2, 3, 1)
        found = []
        for around in _around(onsets, self.beats, cells):
            found.append(around / (1.0 + around.sum(dim=2, keepdim=True)))
        added: Tensor = self.into_stream(torch.stack(found, dim=2).flatten(1, 3).transpose(1, 2))
        return added


class Repeats(nn.Module):
    """What of the music around each beat is known to repeat, and over which distance."""

    mask: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tensor(MASK), persistent=False)
        inputs = 2 * len(TRIO) * 2 * len(config.copy_steps) * len(AROUND_REPEATS)
        self.into_stream = nn.Linear(inputs, config.width, bias=False)

    def forward(self, tokens: Tensor, shifted: Tensor, cells: int) -> Tensor:
        """Tokens [batch, steps, 3] and the `shifted` ones -> [batch, beats, width]."""
        here = tokens[:, :, None]
        known = (here != self.mask) & (shifted != self.mask) & (here + shifted != HOLD)
        same = known & (here == shifted)
        both = torch.cat([same, known ^ same], dim=2).to(self.into_stream.weight.dtype)
        shares = []
        for around in _around(both.permute(0, 3, 2, 1), AROUND_REPEATS, cells):
            alike, unlike = around.chunk(2, dim=2)
            counted = 1.0 + alike + unlike
            shares.append(torch.cat([alike / counted, unlike / counted], dim=2))
        added: Tensor = self.into_stream(torch.stack(shares, 1).flatten(1, 3).transpose(1, 2))
        return added


class Copies(nn.Module):
    """Logits for doing again what the same track does elsewhere, a weight a cell and a distance."""

    def __init__(self, track: Track, config: ModelConfig) -> None:
        super().__init__()
        self.first_onset = first_onset(track)
        self.weights = nn.Linear(config.token_width, 4 * len(config.copy_steps), bias=False)

    def forward(
        self, logits: Tensor, of_cell: Tensor, there: Tensor, again: Tensor | None = None
    ) -> Tensor:
        """Logits [batch, steps, events] with the copies' added (see `layers.CopyHead`).

        `again` [batch, steps, 2 * copy_steps] is what the form of the bar says of each distance.
        """
        events = logits.shape[-1]
        any_event, onset = self.weights(of_cell).chunk(2, dim=-1)
        if again is not None:
            any_event = any_event + again
        weight = any_event + onset * (there >= self.first_onset)
        known = there < events
        return logits.scatter_add(
            -1, torch.where(known, there, HOLD), (weight * known).to(logits.dtype)
        )


class BandKey(Key):
    """`Key` for a band: its chords count too, and move with the notes."""

    chord_classes: Tensor
    chord_features: Tensor
    chords_into: Tensor
    chords_back: Tensor
    voice_masks: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        into = torch.arange(CHORD_TOKENS + 1).repeat(ROOTS, 1)
        for key in range(ROOTS):
            chord = torch.arange(CHORD_TOKENS - FIRST_ONSET)
            root = (chord // QUALITIES - key) % ROOTS
            into[key, FIRST_ONSET:CHORD_TOKENS] = FIRST_ONSET + root * QUALITIES + chord % QUALITIES
        classes = _chord_classes()
        roots = F.one_hot(
            (torch.arange(CHORD_TOKENS + 1) - FIRST_ONSET).clamp(min=0) // QUALITIES % ROOTS, ROOTS
        )
        roots = roots * classes.any(dim=1, keepdim=True)
        self.register_buffer("chord_classes", classes, persistent=False)
        features = torch.cat([classes, roots.float()], dim=1)
        self.register_buffer("chord_features", features, persistent=False)
        self.register_buffer("chords_into", into, persistent=False)
        self.register_buffer("chords_back", into[:, :CHORD_TOKENS], persistent=False)
        masks = torch.tensor(BAND_MASK[: Track.CHORDS])
        self.register_buffer("voice_masks", masks, persistent=False)

    def forward(self, tokens: Tensor, cells: int = COMMON.cells) -> Tensor:
        """Tokens [batch, steps, 8] -> keys [batch], 0 (C) to 11; C where none is known."""
        heard = F.embedding(tokens[..., list(PITCHED)], self.pitch_classes).sum(dim=(1, 2))
        chords = F.embedding(_first(tokens, cells)[..., Track.CHORDS], self.chord_classes).sum(
            dim=1
        )
        return ((heard + chords)[:, None, :] * self.profiles).sum(dim=-1).argmax(dim=-1)

    def to_c(self, tokens: Tensor, key: Tensor) -> Tensor:
        """`tokens` [batch, steps, 8] in `key` [batch], in C."""
        moved = [tokens[..., column] for column in range(tokens.shape[-1])]
        for track in PITCHED:
            moved[track] = self.into[key[:, None] * (PITCHED_TOKENS + 1) + moved[track]]
        flat = self.chords_into.flatten()
        moved[Track.CHORDS] = flat[key[:, None] * (CHORD_TOKENS + 1) + moved[Track.CHORDS]]
        return torch.stack(moved, dim=-1)

    def from_c(self, logits: list[Tensor], key: Tensor) -> list[Tensor]:
        """`logits` of the voices, of music in C, of the same music in `key` [batch]."""
        logits = list(logits)
        for track in PITCHED:
            index = self.back[key][:, None, :].expand(-1, logits[track].shape[1], -1)
            logits[track] = logits[track].gather(2, index)
        return logits

    def chords_from_c(self, logits: Tensor, key: Tensor) -> Tensor:
        """`logits` [batch, beats, events] of chords in C, of the same chords in `key` [batch]."""
        index = self.chords_back[key][:, None, :].expand(-1, logits.shape[1], -1)
        return logits.gather(2, index)


def inputs_of(meter: Meter, config: ModelConfig, device: torch.device) -> tuple[Tensor, ...]:
    """What `forward` takes beside tokens in `meter`."""
    return tuple(
        torch.from_numpy(array).to(device) for array in meter_inputs(meter, config.copy_steps)
    )


def taken_over(weights: Mapping[str, Tensor], model: BandTransformer) -> dict[str, Tensor]:
    """The weights of a network `live` of 0.2 in the shapes of `model`; what is new stays."""
    state = dict(model.state_dict())
    between = [(0, 0, 0.0), (0, 1, 2 / 3), (1, 1, 0.0), (1, 2, 1 / 3), (2, 2, 0.0),
               (2, 3, 2 / 3), (3, 3, 0.0), (3, 3, 0.0)]  # fmt: skip
    for name, old in weights.items():
        if name == "step_of_beat":
            new, name = _between(old, between), "place_of_beat"  # noqa: PLW2901
        elif name == "beat_of_bar":
            rows = [(beats, beat) for beats in range(2, MOST_BEATS + 1) for beat in range(beats)]
            new = old.new_zeros(BEAT_PLACES, old.shape[1])
            for beats, beat in rows:
                new[(beats - 1) * MOST_BEATS + beat] = old[min(beat, len(old) - 1)]
            name = "beat_in.weight"  # noqa: PLW2901
        elif name.startswith(("downsamples.", "upsamples.")) and name.endswith("weight"):
            new = _between(old.permute(2, 1, 0), between)  # [width, channels, 4]
        else:
            new = old
        if name not in state or state[name].shape != new.shape:
            raise ValueError(f"no place for {name} {tuple(old.shape)}")
        state[name] = new
    return state


def _between(of_quarters: Tensor, between: list[tuple[int, int, float]]) -> Tensor:
    """A row for each place of a beat, of rows [4, ..] of its quarters."""
    return torch.stack(
        [of_quarters[low] * (1 - share) + of_quarters[high] * share for low, high, share in between]
    )


def _first(tokens: Tensor, cells: int) -> Tensor:
    """Of `tokens` [batch, steps, columns] every `cells`th step [batch, n, columns]."""
    return tokens.reshape(tokens.shape[0], -1, cells, tokens.shape[2])[:, :, 0]


def _repeated(x: Tensor, times: int) -> Tensor:
    """`x` [batch, n, width] with each position `times` times [batch, n * times, width]."""
    return x[:, :, None].expand(-1, -1, times, -1).flatten(1, 2)


def _called(layer: nn.Module, given: Tensor) -> Tensor:
    told: Tensor = layer(given)
    return told


def _lasting(said: Tensor) -> Tensor:
    """The chord, or mask, that lasts in each beat of `said` [batch, beats]; `HOLD` before any."""
    beats = torch.arange(said.shape[1], device=said.device)
    begins = torch.where(said != HOLD, beats, 0)[:, None, :].expand(-1, said.shape[1], -1)
    earlier = (beats[None, :] <= beats[:, None]).long()
    return said.gather(1, (begins * earlier).amax(dim=-1))


def _shifted(tokens: Tensor, distances: Tensor, masks: Tensor) -> Tensor:
    """What stands `distances` before and after each cell: [batch, steps, 2 * distances, tracks].

    The furthest before comes first; beyond the window all is masked.
    """
    offsets = torch.cat([-distances.flip(0), distances])
    here = torch.arange(tokens.shape[1], device=tokens.device)
    at = here[:, None] + offsets
    inside = (at >= 0) & (at <= here[-1])
    there = tokens[:, at.clamp(min=0).minimum(here[-1])]
    return torch.where(inside[None, :, :, None], there, masks)


def _around(counts: Tensor, widths: tuple[int, ...], cells: int) -> list[Tensor]:
    """Sums of `counts` [batch, tracks, kinds, steps] over each of `widths` beats around a beat."""
    of_beat = counts.reshape(*counts.shape[:3], -1, cells).sum(dim=-1)
    return [
        of_beat if beats == 1 else beats * F.avg_pool2d(of_beat, (1, beats), 1, (0, beats // 2))
        for beats in widths
    ]


def _held(logits: Tensor, cells: int) -> Tensor:
    """Logits [batch, n, events] at every `cells`th cell, `HOLD` in all between."""
    hold = torch.zeros_like(logits)
    hold[..., HOLD] = HELD
    between = hold[:, :, None].expand(-1, -1, cells - 1, -1)
    return torch.cat([logits[:, :, None], between], dim=2).flatten(1, 2)


def _pitch_classes() -> Tensor:
    from schmubert.engine.networks.layers import event_features

    return event_features(Track.MELODY)[:, :12]


def _chord_classes() -> Tensor:
    """The pitch classes of each chord token [87, 12]; `HOLD`, `OFF` and the mask have none."""
    from schmubert.engine.music.chords import chord_of

    classes = torch.zeros(CHORD_TOKENS + 1, ROOTS)
    for token in range(FIRST_ONSET, CHORD_TOKENS):
        classes[token, sorted(chord_of(token).pitch_classes)] = 1.0
    return classes
