from __future__ import annotations

import json

import pytest
from hypothesis import given

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.errors import InputError
from tests.document.generators import recipes


@given(recipes)
def test_a_recipe_comes_back_from_json_whatever_its_engine(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize("version", [0, 3, "1", None])
def test_a_recipe_in_another_layout_is_refused_with_advice(version: object) -> None:
    with pytest.raises(InputError, match="newer version") as caught:
        Recipe.from_json({**Recipe().to_json(), "version": version})
    assert caught.value.hint


def test_a_recipe_of_the_first_layout_stays_without_grain_and_seams() -> None:
    old = {key: value for key, value in Recipe(seed=4).to_json().items() if key not in {"seams", "grain"}}
    assert Recipe.from_json({**old, "version": 1}) == Recipe(seed=4, seams=False, grain=False)
