"""Names in MIDI files say in no way in which encoding they are."""

import time

import pytest

from schmubert.engine.music.casting import name_words
from schmubert.engine.music.texts import MOST_NAME, decoded


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gbk", "主旋律 旋律 贝斯 鼓 伴奏 钢琴 吉他 弦乐 低音 架子鼓 小提琴"),
        ("cp932", "ﾒﾛﾃﾞｨ メロディ 旋律 ベース ﾄﾞﾗﾑ 主旋律 歌 ボーカル 弦楽器 ｷﾞﾀｰ1"),
        ("cp1252", "Baß Mélodie niño Violão Violões"),
        ("utf-8", "Baß 主旋律 ベース"),
    ],
)
def test_names_read_as_they_were_written(encoding: str, names: str) -> None:
    for name in names.split():
        assert decoded([name.encode(encoding)]) == [name]


@pytest.mark.parametrize("letter", ["M", "a", " ", "square ", "bass ", "\xf7"])
def test_a_name_that_is_a_whole_text_is_judged_in_no_time(letter: str) -> None:
    began = time.process_time()
    (name,) = decoded([(letter * 70_000).encode("latin-1")])
    name_words([name])
    assert len(name) <= MOST_NAME
    assert time.process_time() - began < 2.0
