"""What a network is made of: one frozen value, saved in every checkpoint and exported model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from schmubert.engine.denoiser import CORRUPTIONS, MASKING
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.stacks import track_named
from schmubert.engine.music.vocabulary import AGAIN, BAND, Track

OF_THE_THESIS = ("transformer", "convolutional", "hierarchical", "u")
"""Its 4.6.1 to 4.6.4."""
ARCHITECTURES = (*OF_THE_THESIS, "band")
"""Those of the thesis and ours, `band.py`."""


@dataclass(frozen=True)
class ModelConfig:
    """What a network is made of; saved in every checkpoint.

    `architecture` is one of `ARCHITECTURES`: the network of `convolutional.py`, or one of
    `transformers.py`, which have learned positions and none of what follows `factored`. `layers`
    are those of a stack: all of the network's, or those of each of three stacks (hierarchical) or
    of each side of each of `levels` (u). `token_width` is the width of a 16th, `width` that of
    what sums several up, where there is such a thing.

    `positions` is "learned" (the thesis: windows of up to `longest_steps`, trained at that
    length) or "rotary" (arXiv 2104.09864, with the beat of the bar embedded: any length). With
    `factored` events share a part of their vectors, in and out: those of one pitch class, of one
    octave, and drum patterns that hit the same drum. `chroma_beats` adds, at every beat, which
    pitch classes are known to start within so many beats around it. With `one_key` the network
    sees all music in the same key (`Key`). With these, few songs teach what harmony is.
    `copy_steps` are distances in 16ths, taken both ways, over which the network is shown what
    repeats (`RepeatFeatures`) and may repeat an event itself (`CopyHead`). `corruption` is what the
    network was trained to undo: no part of it, but what it may be asked for. Where a band names the
    form of a bar, it sees those of `form_bars` before and after by themselves (`FormContext`, or
    with `form_layers` the deeper `FormNetwork`), and with `form_fit` how well each bar that may
    come again would stand there (`FormFit`), and with `chord_fit` whether its chords are those that
    are known here (`ChordFit`). Traits, too, are seen by themselves by a network of
    `trait_width` (`TraitNetwork`), and chords, with melody and bass, by one of `chord_layers`
    (`ChordNetwork`). With `voice_width` a network sees intervals and rhythms of the melody
    (`VoiceNetwork`).
    """

    tracks: tuple[str, ...] = ("melody", "bass", "drums")
    token_width: int = 128
    width: int = 512
    layers: int = 24
    heads: int = 8
    positions: str = "learned"
    longest_steps: int = 1024
    dropout: float = 0.2
    factored: bool = False
    chroma_beats: tuple[int, ...] = ()
    one_key: bool = False
    copy_steps: tuple[int, ...] = ()
    architecture: str = "convolutional"
    levels: int = 6
    corruption: str = MASKING
    form_bars: int = 0
    form_fit: bool = False
    chord_fit: bool = False
    form_layers: int = 0
    trait_width: int = 0
    chord_layers: int = 0
    voice_width: int = 0

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f'no architecture "{self.architecture}"; there are {ARCHITECTURES}')
        if self.architecture not in ("convolutional", "band") and (
            self.positions != "learned" or self.chroma_beats or self.one_key or self.copy_steps
        ):
            raise ValueError(f"the architecture {self.architecture} has learned positions alone")
        if self.architecture in ("transformer", "u") and self.token_width != self.width:
            raise ValueError(f"in the architecture {self.architecture} all widths are the same")
        if self.positions not in ("learned", "rotary"):
            raise ValueError(f'positions are "learned" or "rotary", not "{self.positions}"')
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} does not divide into {self.heads} even heads")
        if any(beats < 1 or beats % 2 == 0 for beats in self.chroma_beats):
            raise ValueError(f"chroma_beats {self.chroma_beats} are not odd: a beat lies amid each")
        if any(steps < 1 for steps in self.copy_steps):
            raise ValueError(f"copy_steps {self.copy_steps} are distances: 1 or more")
        lacking = {bars * COMMON.steps for bars in AGAIN} - set(self.copy_steps)
        if self.form_fit and lacking:
            raise ValueError(
                f"form_fit looks {AGAIN} bars back: copy_steps {self.copy_steps} need"
                f" {sorted(lacking)} too"
            )
        if self.corruption not in CORRUPTIONS:
            raise ValueError(f'the corruption is one of {[*CORRUPTIONS]}, not "{self.corruption}"')
        if self.form_layers and not self.form_bars:
            raise ValueError("a network of forms sees some bars around each: form_bars is 0")
        if not self.tracks or len(self.columns) > len(set(self.tracks)):
            raise ValueError(f"tracks {self.tracks}: at least one, and each once")

    @property
    def head_width(self) -> int:
        """The width of each head of attention."""
        return self.width // self.heads

    @property
    def columns(self) -> tuple[Track, ...]:
        """The tracks as `Track`s, in the order of the network's columns."""
        return tuple(track_named(name) for name in self.tracks)


_SMALL = ModelConfig(token_width=32, width=128, layers=10, heads=4, longest_steps=256, dropout=0.0)

_LIVE = ModelConfig(
    token_width=96,
    width=256,
    layers=8,
    heads=4,
    positions="rotary",
    dropout=0.0,
    factored=True,
    chroma_beats=(1, 5, 17, 65),
    one_key=True,
    copy_steps=(2, 4, 8, 16, 32, 48, 64, 96, 128, 256),
)

PRESETS: Mapping[str, ModelConfig] = MappingProxyType(
    {
        "schmubert-melody": ModelConfig(tracks=("melody",)),
        "schmubert-trio": ModelConfig(heads=16),
        "transformer-melody": ModelConfig(("melody",), 512, architecture="transformer"),
        "transformer-trio": ModelConfig(token_width=512, architecture="transformer"),
        "hierarchical-melody": ModelConfig(
            ("melody",), 256, layers=11, architecture="hierarchical"
        ),
        "hierarchical-trio": ModelConfig(token_width=256, layers=11, architecture="hierarchical"),
        "u-melody": ModelConfig(("melody",), 512, layers=2, architecture="u"),
        "u-trio": ModelConfig(token_width=512, layers=2, architecture="u"),
        "live": _LIVE,
        "band": replace(
            _LIVE,
            tracks=tuple(track.name.lower() for track in BAND),
            dropout=0.1,
            architecture="band",
            form_bars=8,
            form_fit=True,
            chord_fit=True,
            form_layers=3,
            trait_width=256,
            chord_layers=3,
            voice_width=128,
        ),
        "small-transformer": replace(_SMALL, token_width=128, architecture="transformer"),
        "small-convolutional": _SMALL,
        "small-hierarchical": replace(
            _SMALL, token_width=64, layers=6, architecture="hierarchical"
        ),
        "small-u": replace(_SMALL, token_width=80, width=80, layers=2, architecture="u"),
    }
)
"""Networks by name.

`schmubert-melody` has the 76,601,088 parameters of table 5.1 (table 5.6 says 2,304 more, nine
vocabulary rows of 256). `schmubert-trio` follows the same layers with three tracks and has
78,329,600, which is 26,112 (102 rows of 256) more than the 78,303,488 of table 5.4; the text
does not say which rows are missing there. The other networks of the thesis are counted in
`transformers.py`. `live` is ours: 7 million parameters, rotary
positions, windows of 4 to 64 bars, four bars answered in a tenth of a second on one core.
`band` is `live` with chords, comping, forms, registers and metres (`band.py`).
The `small-` ones are the four architectures of the thesis at 2.1 to 2.2 million parameters and
windows of 16 bars, such that one core compares them (`docs/thesis.md`).
"""
