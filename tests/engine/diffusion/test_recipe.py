"""What is used where nobody says otherwise."""

from schmubert.engine.diffusion.recipe import more_calls


def test_drafts_double_their_calls_up_to_the_most() -> None:
    assert more_calls(4, 8) == 8
    assert more_calls(4, 7) == 7
    assert more_calls(8, 8) is None
    assert more_calls(9, 2) is None
