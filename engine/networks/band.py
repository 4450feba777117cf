"""The band: the convolutional transformer that knows chords, forms, metres and registers.

It goes on from the network `live` of 0.2: what it adds begins at zero (`band_weights.py`).
"""

from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    BAND_SIZES,
    CHORD_TOKENS,
    FORMS,
    HOLD,
    PITCHED,
    PITCHED_TOKENS,
    TRIO,
    Track,
)
from schmubert.engine.networks.band_chords import ChordNetwork
from schmubert.engine.networks.band_forms import ChordFit, FormContext, FormFit, FormNetwork
from schmubert.engine.networks.band_key import ROOTS, BandKey
from schmubert.engine.networks.band_layers import (
    Gather,
    Spread,
    called,
    first_of,
    held,
    in_parts,
    lasting_events,
    leading,
    repeated,
    shifted_by,
    standing_at,
    within,
)
from schmubert.engine.networks.band_traits import TraitNetwork, Traits, traits_in
from schmubert.engine.networks.band_voice import VoiceNetwork
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.layers import (
    Block,
    CopyHead,
    Embedding,
    Head,
    Past,
    RepeatFeatures,
    Size,
    initialised,
    rotation_of,
)
from schmubert.engine.networks.meters import BEAT_PLACES, KEYS, PAST, PLACES, meter_inputs
from schmubert.engine.networks.tonality import Chroma

QUICK = 16.0
"""What single weights of few numbers are multiplied by: so they move as fast as sums of many."""


class BandWindow(NamedTuple):
    """What a band is asked about: its `tokens` [batch, steps, 8 or 9], and of which `bars` [n].

    `places`, `beats` and `distances` are what `meter_inputs` says of the metre.
    """

    tokens: Tensor
    places: Tensor
    beats: Tensor
    distances: Tensor
    bars: Tensor


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
        self.chroma = Chroma(config)
        self.repeat_features = RepeatFeatures(replace(config, tracks=config.tracks[: len(TRIO)]))
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.upsamples = nn.ModuleList(Spread(width, token_width) for _ in voices)
        self.heads = nn.ModuleList(Head(c, config) for c in voices)
        self.copy_heads = nn.ModuleList(CopyHead(c, config) for c in voices)
        self.register = nn.Parameter(torch.zeros(len(PITCHED), PITCHED_TOKENS))
        self.leaning = nn.ModuleList(
            nn.Embedding(CHORD_TOKENS + 1, PITCHED_TOKENS) for _ in PITCHED
        )
        again = 2 * len(config.copy_steps)
        self.again = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, again) for f in FORMS)
        self.rests = nn.ModuleList(nn.Embedding(BAND_MASK[f] + 1, 1) for f in FORMS)
        self.chord_head = nn.Linear(width, CHORD_TOKENS)
        self.form_heads = nn.ModuleList(nn.Linear(width, BAND_SIZES[f]) for f in FORMS)
        by_itself = config.form_bars > 0 and not config.form_layers
        self.form_context = FormContext(config.form_bars) if by_itself else None
        self.form_network = FormNetwork(config) if config.form_layers else None
        self.form_fit = FormFit() if config.form_fit else None
        self.chord_fit = ChordFit() if config.chord_fit else None
        self.traits = Traits(width) if Track.TRAITS in config.columns else None
        alone = config.trait_width if self.traits is not None else 0
        self.trait_network = TraitNetwork(alone) if alone else None
        self.chord_network = ChordNetwork(config) if config.chord_layers else None
        initialised(self, config.layers)
        voices_of = config.voice_width, len(config.copy_steps)
        self.voice_network = VoiceNetwork(*voices_of) if config.voice_width else None
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
        bars: Tensor | None = None,
        compact: bool = False,
    ) -> list[Tensor]:
        """Tokens [batch, steps, 8 or 9], whole bars -> logits [batch, steps, events], one a column.

        `places`, `beats` and `distances` are what `meter_inputs` says of the metre. With `bars` [n]
        only these bars of the window are answered for. `compact` gives logits of chords [batch,
        beats, events], forms [batch, bars, events] and traits [batch, 16, events] only where these
        columns may speak.
        """
        if bars is None:
            bars = torch.arange(tokens.shape[1] // (places.shape[0] * beats.shape[0]))
            bars = bars.to(tokens.device)
        window = BandWindow(tokens, places, beats, distances, bars)
        told, _ = self._told(window)
        return told if compact else self._spread(window, told)

    def going_on(self, window: BandWindow, keys: Tensor, past: Tensor) -> list[Tensor]:
        """`forward` of a `window` whose first beats were seen before, and what to remember of it.

        `past` [layers, 2, batch, heads, beats, head width] is what the blocks remember of so many
        beats, none of them in its bars, and `keys` [batch] the keys that the music was in; -1 where
        it is not known. After the logits of all columns the same two come back for the window.
        Traits mean nothing where there is a past.
        """
        batch = window.tokens.shape[0]
        seen = keys.expand(batch), past.expand(-1, -1, batch, -1, -1, -1)
        told, (key, of_blocks) = self._told(window, seen)
        remembered = torch.stack([torch.stack(pair) for pair in of_blocks])
        return [*self._spread(window, told), key, remembered]

    def _spread(self, window: BandWindow, told: list[Tensor]) -> list[Tensor]:
        """Logits of all columns at every cell, of what is `told` where they may speak."""
        cells = window.places.shape[0]
        bar = cells * window.beats.shape[0]
        chords = held(told[Track.CHORDS], cells)
        forms = [held(told[form], bar) for form in FORMS]
        answered = within(window.bars, bar)
        traits = [
            leading(of_window, window.tokens)[:, answered] for of_window in told[Track.TRAITS :]
        ]
        return [*told[: Track.CHORDS], chords, *forms, *traits]

    def _told(
        self, window: BandWindow, seen: tuple[Tensor, Tensor] | None = None
    ) -> tuple[list[Tensor], tuple[Tensor, list[Past]]]:
        """Logits where columns may speak, and what is to be remembered: the key, and the blocks'.

        What was `seen` are the keys and the past of `going_on`.
        """
        tokens, places, beats, distances, bars = window
        heard, key = tokens, self.key(tokens, places.shape[0])
        if seen is not None:
            key = torch.where(seen[0] >= 0, seen[0], key)
        tokens = self.key.to_c(tokens, key)
        cells, in_bar = places.shape[0], beats.shape[0]
        size = (tokens.shape[0], tokens.shape[1] // cells)
        begins = 0 if seen is None else seen[1].shape[-2]  # the first beat that was not seen
        at_place = self.place_of_beat[places].repeat(size[1] - begins, 1)
        fresh = tokens[:, begins * cells :]
        voices = [
            F.relu(down(embedding(fresh[..., track]) + at_place, places))
            for track, (down, embedding) in enumerate(
                zip(self.downsamples, self.embeddings, strict=True)
            )
        ]
        x = F.relu(self.merge(torch.cat(voices[: len(TRIO)], dim=-1)))
        x = x + self.comping_in(voices[Track.COMPING])
        said = first_of(tokens, cells)[..., Track.CHORDS]
        chords = lasting_events(said)
        said, sounding = said[:, begins:], chords[:, begins:]
        x = x + self.chord_in(sounding) + self.begins_in((said != HOLD).long())
        x = x + self.chord_classes_in(F.embedding(sounding, self.key.chord_features))
        of_form = first_of(tokens, cells * in_bar)
        forms = [of_form[..., form] for form in FORMS]
        of_bars = torch.stack([*map(called, self.form_in, forms)]).sum(dim=0)
        x = x + repeated(of_bars, in_bar)[:, begins:]
        x = x + self.moved_in(key)[:, None]
        x = x + self.beat_in(beats).repeat(of_bars.shape[1], 1)[begins:]
        x = x + self.chroma(tokens, cells, begins)
        if self.traits is not None:
            x = x + self.traits(tokens[..., Track.TRAITS])[:, None]
        near = (torch.as_tensor(begins) - self.repeat_features.reach).clamp(min=0)
        shifted = shifted_by(
            tokens[..., : Track.CHORDS], distances, self.key.voice_masks, near * cells
        )
        of_trio = tokens[:, near * cells :, : len(TRIO)], shifted[..., : len(TRIO)]
        x = x + self.repeat_features(*of_trio, cells, begins - near)
        x = self.dropout(x)
        x, of_blocks = self._through_blocks(x, size, None if seen is None else seen[1])
        traits = [] if self.traits is None else [self.traits.named(x.mean(dim=1))]
        if self.trait_network is not None:
            number = torch.ones_like(of_form[0, :, 0]).sum()
            traits[0] = traits[0] + self.trait_network(traits_in(tokens[..., Track.TRAITS]), number)
        asked = within(bars, in_bar)
        lasting = chords
        x, chords = x[:, asked - begins], chords[:, asked]
        of_forms = self.form_network or self.form_context
        around = None if of_forms is None else of_forms(forms)
        forms = [form[:, bars] for form in forms]
        shifted = shifted[:, within(asked - near, cells)]
        logits = []
        for track in range(len(voices)):
            of_cell = F.relu(self.upsamples[track](x, places))
            named = self.heads[track](of_cell)
            again = None
            if track < len(TRIO):
                again = repeated(QUICK * self.again[track](forms[track]), cells * in_bar)
            logits.append(self.copy_heads[track](named, of_cell, shifted[..., track], again))
        for track in PITCHED:
            logits[track] = logits[track] + repeated(QUICK * self.leaning[track](chords), cells)
        logits = self.key.from_c(logits, key)
        for row, track in enumerate(PITCHED):
            logits[track] = logits[track] + QUICK * self.register[row]
        for track in TRIO:
            rest = repeated(QUICK * self.rests[track](forms[track]), cells * in_bar)
            logits[track] = torch.cat([logits[track][..., :1] + rest, logits[track][..., 1:]], -1)
        chord_logits = self.chord_head(x)
        if self.chord_network is not None:
            by_chords, counting = self.chord_network(tokens, beats, cells)
            chord_logits = chord_logits + (counting * by_chords)[:, asked]
        chord_logits = self.key.chords_from_c(chord_logits, key)
        by_bar = x.reshape(size[0], -1, in_bar, x.shape[-1]).mean(dim=2)
        form_logits = [called(head, by_bar) for head in self.form_heads]
        if around is not None:
            form_logits = [
                own + more[:, bars] for own, more in zip(form_logits, around, strict=True)
            ]
        if self.form_fit is not None:
            fit = self._fit(self.form_fit, logits, heard, distances, bars, cells * in_bar)
            form_logits = _with_each(form_logits, fit)
        if self.chord_fit is not None:
            same = self._chord_fit(self.chord_fit, lasting, bars, in_bar)
            form_logits = _with_each(form_logits, same)
        if self.voice_network is not None:
            here = within(asked, cells)
            logits[Track.MELODY] = self.voice_network(
                heard, places, beats, distances, here, logits[Track.MELODY]
            )
        return [*logits, chord_logits, *form_logits, *traits], (key, of_blocks)

    def _through_blocks(
        self, x: Tensor, size: Size, past: Tensor | None
    ) -> tuple[Tensor, list[Past]]:
        """What the blocks make of `x` [batch, beats, width], the beats of `size` after a `past`."""
        rotation = rotation_of(size[1], self.config.head_width, x)
        of_blocks: list[Past | None] = [None] * len(self.blocks)
        if past is not None:
            begins = past.shape[-2]
            size = size[0], size[1] - begins
            rotation = rotation[0][begins:], rotation[1][begins:]
            of_blocks = [(pair[0], pair[1]) for pair in past.unbind()]
        found = []
        for block, before in zip(self.blocks, of_blocks, strict=True):
            assert isinstance(block, Block)
            x, of_block = block.going_on(x, size, rotation, before)
            found.append(of_block)
        return self.norm(x), found

    def _chord_fit(
        self, chord_fit: ChordFit, chords: Tensor, bars: Tensor, in_bar: int
    ) -> list[Tensor]:
        """What `chord_fit` adds to the forms of `bars` by the lasting `chords` [batch, beats]."""
        back = -in_bar * torch.tensor(AGAIN, device=chords.device)
        mask = torch.tensor([BAND_MASK[Track.CHORDS]], device=chords.device)
        before = standing_at(chords[..., None], back, mask)[..., 0]
        here, there = in_parts(chords, in_bar)[:, bars], in_parts(before, in_bar)[:, bars]
        added: list[Tensor] = chord_fit(here, there)
        return added

    def _fit(
        self,
        form_fit: FormFit,
        logits: list[Tensor],
        tokens: Tensor,
        distances: Tensor,
        bars: Tensor,
        bar: int,
    ) -> list[Tensor]:
        """What `form_fit` adds to the forms of `bars`, whose notes have `logits`: of PITCHED."""
        back = [self.config.copy_steps.index(number * COMMON.steps) for number in AGAIN]
        masks = self.key.voice_masks[: len(TRIO)]
        before = standing_at(tokens[..., : len(TRIO)], -distances[back], masks)
        before = in_parts(before, bar)[:, bars]
        here = in_parts(tokens, bar)[:, bars]
        return [
            form_fit(track, in_parts(logits[track], bar), here[..., track], before[..., track])
            for track in PITCHED
        ]


def _with_each(form_logits: list[Tensor], added: list[Tensor]) -> list[Tensor]:
    """`form_logits` of each track with what is `added` to those of the first ones."""
    first = [own + QUICK * more for own, more in zip(form_logits, added, strict=False)]
    return [*first, *form_logits[len(first) :]]


SILENT = (
    "comping_in.", "chord_in.", "chord_classes_in.", "begins_in.", "form_in.", "moved_in.",
    "beat_in.", "register", "leaning.", "again.", "rests.", "repeat_features.", "copy_heads.",
    "form_context.out.", "form_fit.", "chord_fit.", "traits.told.", "chord_network.gate.",
)  # fmt: skip
"""Parts that add nothing before they have learned."""


def nothing_seen(config: ModelConfig) -> dict[str, Tensor]:
    """What `going_on` is told of keys and past where it has seen nothing of a window."""
    past = torch.zeros(config.layers, 2, 1, config.heads, 0, config.head_width)
    return {KEYS: torch.full((1,), -1), PAST: past}


def inputs_of(meter: Meter, config: ModelConfig, device: torch.device) -> tuple[Tensor, ...]:
    """What `forward` takes beside tokens in `meter`."""
    return tuple(
        torch.from_numpy(array).to(device) for array in meter_inputs(meter, config.copy_steps)
    )
