"""Installing an extra: the size is known before the download, and pip does it. The index is a folder with one tiny wheel."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.studio.setup import Installation, install, offer, plan_installation, requirements_of

NAME = "inpaint-studio-test-wheel"


@pytest.fixture
def index(tmp_path: Path) -> tuple[list[str], int]:
    """pip's arguments for an index that holds one wheel, and the wheel's size in bytes."""
    stem = NAME.replace("-", "_")
    wheel = tmp_path / f"{stem}-1.0-py3-none-any.whl"
    about = f"{stem}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{stem}.py", "HERE = True\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"{stem}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return ["--no-index", "--find-links", str(tmp_path)], wheel.stat().st_size


def test_says_what_and_how_much_then_installs(index: tuple[list[str], int], tmp_path: Path) -> None:
    arguments, size = index
    installation = plan_installation([NAME], arguments)
    assert installation.packages == (f"{NAME} 1.0",)
    assert installation.nbytes == size
    said: list[str] = []
    offer(installation, said.append)
    assert "1 packages" in said[0]
    assert NAME in said[0]
    install(installation, [*arguments, "--target", str(tmp_path / "site")])
    assert (tmp_path / "site" / "inpaint_studio_test_wheel.py").exists()


def test_tells_its_progress_to_a_window(index: tuple[list[str], int], tmp_path: Path) -> None:
    arguments, _ = index
    told: list[str] = []
    installation = plan_installation([NAME], arguments)
    install(installation, [*arguments, "--target", str(tmp_path / "site")], note=lambda text, *_: told.append(text))
    assert "Successfully installed" in told[-1]
    assert (tmp_path / "site" / "inpaint_studio_test_wheel.py").exists()


def test_a_window_can_stop_it(index: tuple[list[str], int], tmp_path: Path) -> None:
    arguments, _ = index
    installation = plan_installation([NAME], arguments)
    with pytest.raises(Cancelled):
        install(
            installation,
            [*arguments, "--target", str(tmp_path / "site")],
            note=lambda *_: None,
            stoppable=lambda stop: stop(),
        )
    assert not (tmp_path / "site" / "inpaint_studio_test_wheel.py").exists()


def test_a_failure_is_told_to_a_window(tmp_path: Path) -> None:
    nothing = Installation(("inpaint-studio-no-such-thing",), (), None)
    with pytest.raises(StudioError, match="no-such-thing"):
        install(nothing, ["--no-index"], note=lambda *_: None)


def test_downloads_switched_off_hold_for_packages_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPAINT_STUDIO_OFFLINE", "1")
    with pytest.raises(StudioError, match="switched off"):
        plan_installation(["numpy"], ["--no-index"])
    with pytest.raises(StudioError, match="switched off"):
        install(Installation(("numpy",), (), None), ["--no-index"])


def test_nothing_is_missing_when_all_is_there() -> None:
    assert plan_installation(["numpy"], ["--no-index"]).packages == ()


def test_a_package_that_is_not_there_is_told() -> None:
    with pytest.raises(StudioError, match="pip"):
        plan_installation(["inpaint-studio-no-such-thing"], ["--no-index"])


def test_the_diffusion_extra_names_torch_and_diffusers() -> None:
    names = {requirement.split(">")[0] for requirement in requirements_of("diffusion")}
    assert {"torch", "diffusers"} <= names


def test_an_unknown_extra_is_refused() -> None:
    with pytest.raises(InputError, match="nothing called"):
        requirements_of("nonsense")
