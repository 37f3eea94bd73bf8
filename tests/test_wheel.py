"""What a user installs: the wheel, in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.material import REPOSITORY

FORBIDDEN = ("torch", "librosa", "numba", "scipy", "sklearn")
MOST_MEGABYTES = 300


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel and what it needs, in the versions of constraints.txt."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, REPOSITORY], check=True, capture_output=True
    )
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    (wheel,) = folder.glob("*.whl")
    pip: list[str | Path] = [
        folder / "venv" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "-c", REPOSITORY / "constraints.txt", wheel], check=True)
    return folder / "venv"


@pytest.mark.slow
def test_the_wheel_runs_from_an_empty_environment(environment: Path, tmp_path: Path) -> None:
    """`auricle run` of the installed wheel plays the demonstration, names its sounds and exits with 0."""
    quiet = {**os.environ, "PULSE_SERVER": "unix:/nowhere", "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        [environment / "bin" / "auricle", "run"], cwd=tmp_path, env=quiet, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "demonstration" in done.stderr
    assert "Smoke detector" in done.stdout


@pytest.mark.slow
def test_the_default_install_is_small(environment: Path) -> None:
    """It stays under 300 MB and pulls neither torch, librosa, numba, scipy nor scikit-learn."""
    (packages,) = environment.glob("lib/python*/site-packages")
    assert not [name for name in FORBIDDEN if (packages / name).exists()]
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < MOST_MEGABYTES * 1e6


@pytest.mark.slow
def test_the_wheel_says_what_it_is(environment: Path) -> None:
    """It carries its licence, the bundled model with its attributions, and the marker of typed packages."""
    (packages,) = environment.glob("lib/python*/site-packages")
    for name in (
        "py.typed",
        "models/bundled/model.safetensors",
        "models/bundled/card.json",
        "models/bundled/ATTRIBUTION.csv",
    ):
        assert (packages / "auricle" / name).is_file(), name
    assert list(packages.glob("auricle-*.dist-info/licenses/LICENSE"))
