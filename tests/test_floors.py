"""The house stands: floors, sizes, cleanliness, and nothing heavy on import."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.material import REPOSITORY

PACKAGE = REPOSITORY / "src" / "auricle"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 250, 40
HEAVY = ("onnxruntime", "onnx", "sounddevice", "soundfile", "soxr", "omegaconf", "rich", "numpy", "tkinter", "torch")


def name(path: Path) -> str:
    """Of a module."""
    return str(path.relative_to(PACKAGE))


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A Python command in the repository."""
    return subprocess.run([sys.executable, *words], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_and_functions_are_short(path: Path) -> None:
    """A module stays under 250 lines and a function under 40, its docstring left out."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST_MODULE
    for function in functions(path):
        first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
        assert (function.end_lineno or 0) - first.lineno < LONGEST_FUNCTION, function.name


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_assertions_are_for_the_type_checker_only(path: Path) -> None:
    """What a user can cause is never an assertion: each one stands beside the reason why it cannot fail."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Assert):
            assert "for the type checker" in lines[node.lineno - 1], f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_constructors_have_no_defaults(path: Path) -> None:
    """Every default lives in ConfDef: a constructor lists what it needs, and what is configured comes by keyword."""
    errors = []
    for function in functions(path):
        if function.name == "__init__":
            errors += [*function.args.defaults, *(d for d in function.args.kw_defaults if d is not None)]
    assert errors == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_module_is_called_after_nothing(path: Path) -> None:
    """No utils, helpers, common or base."""
    assert path.stem not in ("utils", "helpers", "common", "base")


def test_imports_point_down() -> None:
    """The import-linter's contracts hold."""
    result = run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])")
    assert result.returncode == 0, result.stdout + result.stderr


def test_ruff_is_content() -> None:
    """With the source and the tests, form included."""
    for words in (["check", "src", "tests"], ["format", "--check", "src", "tests"]):
        result = run("-m", "ruff", *words)
        assert result.returncode == 0, result.stdout


def test_mypy_is_content() -> None:
    """Strictly, with source and, where PyTorch's types are there, tests."""
    tests = ["tests"] if importlib.util.find_spec("torch") else []
    result = run("-m", "mypy", "--strict", "src", *tests)
    assert result.returncode == 0, result.stdout


def test_importing_auricle_loads_nothing_heavy() -> None:
    """Neither ONNX Runtime nor sounddevice nor any other big library."""
    result = run("-c", f"import sys, auricle; print([n for n in {HEAVY!r} if n in sys.modules])")
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_every_public_name_is_there() -> None:
    """What `auricle` promises can be fetched."""
    result = run("-c", "import auricle; [getattr(auricle, name) for name in auricle.__all__]")
    assert (result.returncode, result.stderr) == (0, "")


def test_torch_and_its_kind_are_not_needed() -> None:
    """The whole program loads none of them."""
    code = "import sys, auricle.cli, auricle.app; print([n for n in ('torch', 'librosa', 'numba', 'scipy', 'sklearn') if n in sys.modules])"
    result = run("-c", code)
    assert (result.stdout, result.stderr) == ("[]\n", "")
