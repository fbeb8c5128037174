from __future__ import annotations

import pytest

from inpaint_studio.engines.host.ending import ending


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        (-9, "killed by signal 9; the computer may be out of memory", "smaller area"),
        (-11, "segmentation fault", "another engine"),
        (-7, "bus error", "another engine"),
        (-6, "aborted itself", "another engine"),
        (-4, "processor", "another engine"),
        (-15, "killed by signal 15", "another engine"),
        (-200, "killed by signal 200", "another engine"),
        (3, "exit code 3", "another engine"),
        (0xC0000005, "segmentation fault", "another engine"),
        (0xC0000017, "memory ran out", "smaller area"),
    ],
)
def test_the_cause_is_told_in_words(code: int, words: str, hint: str) -> None:
    end = ending(code, "")
    assert words in end.cause
    assert hint in end.hint


def test_the_last_words_are_the_last_line_of_stderr() -> None:
    assert ending(1, "Traceback:\n  line\nModuleNotFoundError: No module named 'x'.\n\n").last_words == (
        "ModuleNotFoundError: No module named 'x'"
    )
    assert ending(1, " \n").last_words == ""
