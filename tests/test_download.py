"""A download ends with the whole, right file or with one sentence and nothing left behind."""

from __future__ import annotations

import errno
import hashlib
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from auricle.errors import ModelError
from auricle.models import download as module
from auricle.models.catalogue import Expected
from auricle.models.download import Patience, download, locked
from tests.material import one_sentence
from tests.wobbly_server import WobblyServer, wobbly

CONTENT = random.Random(1).randbytes(300_000)
KNOWN = Expected(size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest(), md5="")
BY_MD5 = Expected(size=None, sha256="", md5=hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())
UNKNOWN = Expected(size=None, sha256="", md5="")


def fetch(
    server: WobblyServer, folder: Path, expected: Expected = KNOWN, attempts: int = 3, urls: tuple[str, ...] = ()
) -> Path:
    """The file, fetched in little time."""
    target = folder / "file.pt"
    download(
        urls or (server.url(),),
        target,
        expected=expected,
        patience=Patience(stall_s=0.3, attempts=attempts, pause_s=0.01),
        progress=lambda have, total: None,
    )
    return target


@pytest.mark.parametrize("expected", [KNOWN, BY_MD5, UNKNOWN], ids=["sha256", "md5", "unknown"])
def test_an_honest_server_is_asked_once(tmp_path: Path, expected: Expected) -> None:
    """The file arrives under its name, and nothing else stays."""
    with wobbly(CONTENT) as server:
        assert fetch(server, tmp_path, expected).read_bytes() == CONTENT
        assert len(server.requests) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]


@pytest.mark.parametrize("trouble", ["cut", "stall", "claims more", "claims less", "silent", "busy", "rubbish"])
@pytest.mark.parametrize("times", [1, 2])
def test_what_breaks_off_goes_on(tmp_path: Path, trouble: str, times: int) -> None:
    """Trouble that passes is nothing but a delay, and what has arrived is not asked for again."""
    with wobbly(CONTENT, *[trouble] * times) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
        if trouble in ("cut", "stall", "claims less"):
            ranges = [asked for _, asked in server.requests]
            assert ranges[0] is None
            assert all(ranges[1:])
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]


@pytest.mark.parametrize("trouble", ["no ranges", "no length", "redirect"])
def test_servers_differ(tmp_path: Path, trouble: str) -> None:
    """No ranges, no length, another address: none of it matters, also after a cut."""
    with wobbly(CONTENT, "cut", trouble) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_the_next_call_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    """An interrupted download keeps what it has, says so, and is resumed."""
    with wobbly(CONTENT, "cut", "busy", "busy") as server:
        with pytest.raises(ModelError, match="goes on from where it stopped"):
            fetch(server, tmp_path)
        assert (tmp_path / "file.pt.part").stat().st_size == len(CONTENT) // 2
        assert not (tmp_path / "file.pt").exists()
        assert fetch(server, tmp_path).read_bytes() == CONTENT
        assert server.requests[-1][1] == f"bytes={len(CONTENT) // 2}-"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("wrong bytes", "has another SHA-256 than the published one"),
        ("too long", "is longer than 300000 bytes"),
        ("page", "is a web page"),
        ("to a file", "answers 302"),
        ("missing", "answers 404"),
        ("round and round", "answers 302"),
        ("silent", "sends nothing"),
        ("rubbish", "broke off"),
    ],
)
def test_what_does_not_pass_is_one_sentence_and_leaves_nothing(tmp_path: Path, trouble: str, words: str) -> None:
    """The server is named, and why its file was not taken."""
    with wobbly(CONTENT, *[trouble] * 50) as server, pytest.raises(ModelError, match=words) as caught:
        fetch(server, tmp_path)
    one_sentence(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_page_in_disguise_is_found_out(tmp_path: Path) -> None:
    """A sign-in page that calls itself a file is no file, also where nothing is known of the file."""
    with wobbly(CONTENT, *["page in disguise"] * 9) as server, pytest.raises(ModelError, match="is a web page"):
        fetch(server, tmp_path, UNKNOWN)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trouble", ["wrong range", "wrong bytes"])
def test_a_wrong_second_half_is_thrown_away(tmp_path: Path, trouble: str) -> None:
    """A file that was put together of two is not taken; the whole is fetched anew."""
    with wobbly(CONTENT, "cut", trouble) as server:
        with pytest.raises(ModelError):
            fetch(server, tmp_path, attempts=2)
        assert list(tmp_path.iterdir()) == []
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_leftovers_of_another_file_are_replaced(tmp_path: Path) -> None:
    """A .part that is longer than the file, or none of its bytes, costs a second attempt and no more."""
    for rest in (bytes(10), bytes(400_000)):
        (tmp_path / "file.pt.part").write_bytes(rest)
        with wobbly(CONTENT) as server:
            try:
                fetch(server, tmp_path)
            except ModelError:
                fetch(server, tmp_path)
        assert (tmp_path / "file.pt").read_bytes() == CONTENT


def test_the_second_address_is_asked_when_the_first_has_nothing(tmp_path: Path) -> None:
    """A mirror stands in."""
    with wobbly(CONTENT, "missing") as server:
        urls = (server.url("/first"), server.url("/second"))
        assert fetch(server, tmp_path, urls=urls).read_bytes() == CONTENT
        assert [path for path, _ in server.requests] == ["/first", "/second"]


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    """Nobody listens, the name is unknown, the address is of no web server."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/x", "http://name.invalid/x", "file:///etc/hostname", "http://[/x"):
        with wobbly(CONTENT) as server, pytest.raises(ModelError, match="cannot be had") as caught:
            fetch(server, tmp_path, urls=(url,), attempts=1)
        one_sentence(caught.value)
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is removed, and the sentence says where room is needed."""

    def full(*arguments: object) -> None:
        (tmp_path / "file.pt.part").write_bytes(b"some")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_receive", full)
    with wobbly(CONTENT) as server, pytest.raises(ModelError, match="No space left on device") as caught:
        fetch(server, tmp_path)
    one_sentence(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_to_the_whole(tmp_path: Path) -> None:
    """It never falls while one attempt lasts, and ends at the size."""
    seen: list[tuple[int, int | None]] = []
    with wobbly(CONTENT, "cut") as server:
        download(
            (server.url(),),
            tmp_path / "file.pt",
            expected=KNOWN,
            patience=Patience(stall_s=1, attempts=2, pause_s=0),
            progress=lambda have, total: seen.append((have, total)),
        )
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))


PROGRAM = """
import sys
from pathlib import Path
from auricle.models.download import locked
with locked(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.readline()
"""


def test_only_one_process_at_a_time_is_within_a_lock(tmp_path: Path) -> None:
    """A second one waits until the first is done, or dead."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "lock")]
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdout.readline() == "in\n"
    second = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=1)
    first.kill()
    first.communicate()
    assert second.stdout is not None
    assert second.stdout.readline() == "in\n"
    second.communicate("\n")
    with locked(tmp_path / "lock"):
        pass
