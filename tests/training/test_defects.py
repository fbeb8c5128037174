"""The synthetic damage that the detector is trained on, and that training goes on exactly where it stopped."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from training.defects import CLASSES, photos
from training.defects.damage import KINDS, Damage
from training.defects.evaluate import Score
from training.defects.generator import CHANCES, COVERED, TAUGHT, Generator, damage, from_config
from training.defects.mine import places
from training.defects.outlines import TEXTURE_CLASS, Outlines
from training.defects.scenery import _LOOKALIKES

from tests.restore.conftest import scene

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
SIDE = 96


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The real configuration on three made photos and made outlines."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "photos" / "train").mkdir(parents=True)
    rows = ["file\thas_people"]
    for name, people in (("budgie.jpg", "n"), ("old-man.jpg", "y"), ("kept.jpg", "n")):
        cv2.imwrite(str(folder / "photos" / "train" / name), scene(240, 300) * 255)
        rows.append(f"train/{name}\t{people}")
    (folder / "photos" / "MANIFEST.tsv").write_text("\n".join(rows))
    shapes = {"Dust": 8, "Dirt": 12, "Short hair": 40, "Long hair": 120, "Scratch": 200}
    outlines = [
        {"scan": 1, "label": label, "points": [[0, 0], [size, 0], [size, size // 3], [0, size // 2]]}
        for label, size in shapes.items()
    ]
    (folder / "annotations.json").write_text(json.dumps(outlines))
    for kind in TEXTURE_CLASS:
        (folder / "overlays" / kind).mkdir(parents=True)
        texture = np.zeros((400, 400), np.uint8)
        cv2.line(texture, (100, 100), (300, 280), 255, 4)
        cv2.imwrite(str(folder / "overlays" / kind / "one.png"), texture)
    real = tomllib.loads((ROOT / "training/defects/config.toml").read_text())
    real["data"] |= {
        "photos": str(folder / "photos" / "train"), "outlines": str(folder / "annotations.json"),
        "overlays": str(folder / "overlays"), "validation": ["kept.jpg"],
    }  # fmt: skip
    real["sample"]["crop"] = SIDE
    return real


@pytest.fixture(scope="module")
def generator(config: dict, tmp_path_factory: pytest.TempPathFactory) -> Generator:
    return from_config(config, photos.build(config, tmp_path_factory.mktemp("cache")))


def test_a_sample_depends_on_its_number_alone(generator: Generator) -> None:
    first = generator.sample(7)
    generator.sample(3)
    again = generator.sample(7)
    for one, other in zip(vars(first).values(), vars(again).values(), strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(first.image, generator.sample(8).image)


def test_what_is_labelled_can_be_seen_and_nothing_is_both(generator: Generator) -> None:
    seen = 0
    for number in range(60):
        sample = generator.sample(number)
        assert sample.image.shape == sample.clean.shape == (SIDE, SIDE, 3)
        assert sample.labels.shape == (SIDE, SIDE, len(CLASSES))
        assert set(np.unique(sample.labels)) <= {0, 1}
        labelled = sample.labels.any(2)
        assert not (labelled & (sample.ignore > 0)).any()
        if labelled.sum() > 20:
            change = np.abs(sample.image.astype(int) - sample.clean).max(2)
            assert change[labelled].mean() > change[~labelled & (sample.ignore == 0)].mean() + 3
            seen += 1
    assert seen > 20


def test_undamaged_samples_have_no_labels(config: dict, generator: Generator) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        crop, _ = generator.cache.crop(rng, SIDE)
        sample = damage(crop, rng, generator.outlines, undamaged=1.0)
        assert not sample.labels.any()
        assert not sample.ignore.any()


@pytest.mark.parametrize("kind", ["dust", "hairs", "scratches", "creases", "cracks", "losses", "stains", "textures"])
def test_every_kind_of_damage_is_drawn_in_range(generator: Generator, kind: str) -> None:
    covered = 0.0
    for seed in range(12):
        for mark in getattr(Damage(np.random.default_rng(seed), generator.outlines, SIDE), kind)():
            assert mark.coverage.shape == (SIDE, SIDE)
            assert mark.coverage.min() >= 0
            assert mark.coverage.max() <= 1 + 1e-6
            assert 0 <= float(np.min(mark.strength)) <= float(np.max(mark.strength)) <= 1 + 1e-6
            assert 0 <= mark.channel < len(CLASSES)
            covered += float((mark.coverage > COVERED).mean())
    assert covered > 0


@pytest.mark.parametrize("add", [add for _, add in _LOOKALIKES])
def test_lookalikes_change_the_photo_and_are_not_damage(add) -> None:  # type: ignore[no-untyped-def]
    before = scene(SIDE, SIDE)
    after = np.asarray(add(before.copy(), np.random.default_rng(4)), np.float32)
    assert after.shape == before.shape
    assert np.isfinite(after).all()
    assert (np.abs(after - before) > 0.02).any()


def test_validation_photos_are_never_trained_on(generator: Generator) -> None:
    assert [photo.name for photo in generator.cache.photos] == ["budgie.jpg", "old-man.jpg"]


def test_old_photos_are_shrunk_and_their_own_dust_is_not_judged(generator: Generator) -> None:
    old = generator.cache.photos[1]
    assert old.largest_scale < 1
    speck = np.full((40, 40, 3), 100, np.uint8)
    speck[20:22, 20:22] = 200
    assert photos.natural_dust(speck)[20, 20] == 255
    assert photos.natural_dust(speck)[5, 5] == 0


@pytest.mark.skipif(not (SHARED / "damage").exists(), reason="the real outlines are not here")
def test_drawn_dust_has_the_sizes_of_real_dust() -> None:
    outlines = Outlines(SHARED / "damage" / "annotations.json", SHARED / "damage" / "overlays")
    rng = np.random.default_rng(0)
    drawn = [cv2.contourArea(outlines.outline(rng, "Dust", 0.5)) for _ in range(400)]
    real = [cv2.contourArea(points) for points in outlines.shapes["Dust"]]
    assert np.median(drawn) == pytest.approx(np.median(real) / 4, rel=0.1)
    assert np.percentile(drawn, 95) == pytest.approx(np.percentile(real, 95) / 4, rel=0.25)


def test_scores_count_within_two_pixels() -> None:
    truth, marked = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    truth[10, 5:35] = marked[12, 5:35] = True
    ignore = np.zeros_like(truth)
    score = Score()
    score.add(marked, truth, ignore)
    assert (score.precision, score.recall, score.iou) == (1, 1, 0)
    marked[30, :] = True
    ignore[30, :20] = True
    score = Score()
    score.add(marked, truth, ignore)
    assert score.precision == pytest.approx(30 / 50)
    assert score.f1 == pytest.approx(2 * 0.6 / 1.6)


def test_training_goes_on_exactly_where_it_stopped(
    config: dict, generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))  # torch would leave one behind
    torch = pytest.importorskip("torch")
    from training.defects.train import Training, make_batch

    config = {**config, "network": {"channels": [8, 8, 8, 8]}, "optimiser": config["optimiser"] | {"batch": 2}}

    def trained(stops: int) -> dict:
        folder = tmp_path / str(stops)
        folder.mkdir()
        training = Training(config, folder)
        for step in range(4):
            if stops and step == 2:
                training.save()
                training = Training(config, folder)
                training.load()
            training.network.train()
            training.learn(make_batch(generator, training.step, 2))
        return training.average.state_dict()

    whole, stopped = trained(0), trained(1)
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)


def test_the_rate_warms_up_stays_and_falls() -> None:
    pytest.importorskip("torch")
    from training.defects.train import learning_rate

    options = {"steps": 1000, "rate": 0.01, "warm_up": 100, "decay_from": 0.7, "floor": 0.01}
    rates = [learning_rate(options, step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.0001)
    assert set(rates[100:700]) == {0.01}
    assert rates[700:] == sorted(rates[700:], reverse=True)
    assert rates[-1] < 0.0002


def test_refining_starts_as_the_finished_run_ended_and_learns_at_two_scales(
    config: dict, generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    torch = pytest.importorskip("torch")
    from training.defects.network import TwoScales
    from training.defects.train import Training, make_batch

    config = {**config, "network": {"channels": [8, 8, 8, 8]}, "optimiser": config["optimiser"] | {"batch": 2}}
    run, refined = tmp_path / "run", tmp_path / "refined"
    run.mkdir()
    refined.mkdir()
    first = Training(config, run)
    first.network.train()
    for step in range(3):
        first.learn(make_batch(generator, step, 2))
    first.save()
    second = Training(config, refined, run)
    assert isinstance(second.network, TwoScales)
    assert second.options["rate"] == config["refine"]["rate"]
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        alone, together = first.average(picture), second.average(picture)
        near = second.average.net(picture)
    assert torch.allclose(alone, near, atol=1e-4), "batch normalisation is folded in, nothing else changes"
    assert torch.allclose(together[:, 0], near[:, 0], atol=1e-4), "dust is judged from close by at first"
    assert together.shape == (1, 4, 64, 96)
    assert not torch.allclose(together[:, 3], near[:, 3], atol=1e-3)
    second.network.train()
    second.learn(make_batch(generator, 0, 2))
    assert second.network.lift.weight.abs().sum() > 0, "what is seen from afar is used"


def test_what_is_taught_is_more_than_what_scores_are_taken_of(generator: Generator) -> None:
    assert set(CHANCES) < set(TAUGHT) == set(KINDS)
    rng = np.random.default_rng(1)
    wide = next(iter(Damage(rng, generator.outlines, SIDE).marks({"bands": 1.0})))
    assert wide.channel == 1
    assert (wide.coverage > COVERED).sum() > 3 * SIDE / 4


def test_refining_goes_on_from_two_scales_with_new_convolutions_that_change_nothing_yet(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training.defects.network import TwoScales

    first = TwoScales((8, 8, 8, 8))
    torch.nn.init.normal_(first.lift.weight)
    state = {name: value for name, value in first.state_dict().items() if ".more" not in name}
    second = TwoScales((8, 8, 8, 8))
    second.start(state)
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        assert torch.allclose(first(picture), second(picture), atol=1e-6)
    second(picture).sum().backward()
    assert second.net.more2.second.weight.grad.abs().sum() > 0, "but they learn"
    with pytest.raises(ValueError, match="another network"):
        second.start(state | {"net.elsewhere": torch.zeros(1)})


def test_hard_crops_hold_a_place_that_was_marked_wrongly(config: dict, tmp_path: Path) -> None:
    cache = photos.build(config, tmp_path)
    pixels = np.asarray(cache.pixels(0)).copy()
    assert len(cache.hard) == 0
    easy = cache.crop(np.random.default_rng(3), SIDE, hard=True)[0]
    assert np.array_equal(easy, cache.crop(np.random.default_rng(3), SIDE)[0]), "without such places it is any crop"
    y, x = 200, 31
    assert len(np.argwhere((pixels[..., :3] == pixels[y, x, :3]).all(2))) < pixels[..., 0].size / 50
    (tmp_path / photos.HARD).write_text(json.dumps({"budgie.jpg": [[y, x, 2.0]], "gone.jpg": [[1, 1, 9.0]]}))
    cache = photos.PhotoCache(tmp_path)
    assert cache.hard.tolist() == [[0, y, x, 2]]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(40, 200))
        top, left = photos._corner(rng, cache.photos[0], size, cache.hard[0])
        assert top <= y < top + size
        assert left <= x < left + size
        assert 0 <= top <= cache.photos[0].height - size
        assert 0 <= left <= cache.photos[0].width - size


def test_hard_places_are_told_in_pixels_of_the_photo_and_count_by_size() -> None:
    planes = np.zeros((60, 90, 4), np.uint8)
    planes[30:33, 60:63, 1] = 200
    planes[10:14, 10:14, 0] = 100
    assert places(planes, 0.5) == [[62, 122, 3.0]], "what is not likely is not told"


def test_a_share_of_the_samples_is_hard(config: dict, generator: Generator, tmp_path: Path) -> None:
    cache = photos.build(config, tmp_path)
    cache.set_hard({"budgie.jpg": [[100, 100, 1.0]]})
    outlines = generator.outlines
    asked: list[bool] = []
    crop = cache.crop

    def heard(rng: np.random.Generator, side: int, *, hard: bool = False) -> tuple[np.ndarray, np.ndarray]:
        asked.append(hard)
        return crop(rng, side, hard=hard)

    cache.crop = heard  # type: ignore[method-assign]
    some = Generator(cache, outlines, side=SIDE, seed=1, hard=0.5)
    for index in range(24):
        some.sample(index)
    assert 4 < sum(asked) < 20
