"""The ring buffer."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.audio.ring import RingBuffer

LENGTH = 256
"""Of the hammered ring."""


def test_reads_zeros_until_written() -> None:
    """What has not been written yet reads as zero, before the samples that have."""
    ring: RingBuffer[np.float32] = RingBuffer(4, np.float32)
    ring.update(np.array([1, 2], np.float32))
    assert ring.read().tolist() == [0, 0, 1, 2]
    assert ring.read().dtype == np.float32
    assert len(ring) == 4


def test_reads_oldest_to_newest() -> None:
    """After the wrap, `read` still runs from the oldest to the newest sample."""
    ring: RingBuffer[np.int64] = RingBuffer(4, np.int64)
    for value in range(7):
        ring.update(np.array([value]))
    assert ring.read().tolist() == [3, 4, 5, 6]


def test_keeps_the_newest_part_of_a_long_update() -> None:
    """Of an update longer than the ring the newest part stays, and the position counts all of it."""
    ring: RingBuffer[np.int64] = RingBuffer(3, np.int64)
    ring.update(np.arange(1))
    ring.update(np.arange(100))
    assert ring.read().tolist() == [97, 98, 99]
    assert ring.position == 101


def test_takes_an_empty_update() -> None:
    """An update of no samples changes nothing."""
    ring: RingBuffer[np.int64] = RingBuffer(3, np.int64)
    ring.update(np.arange(2))
    ring.update(np.arange(0))
    assert (ring.read().tolist(), ring.position) == ([0, 0, 1], 2)


def test_reads_are_copies() -> None:
    """What was read does not change when the ring does, nor the ring when it does."""
    ring: RingBuffer[np.int64] = RingBuffer(3, np.int64)
    ring.update(np.arange(3))
    whole, (since, _, _) = ring.read(), ring.read_since(0)
    ring.update(np.array([7, 8, 9]))
    whole[:] = since[:] = -1
    assert ring.read().tolist() == [7, 8, 9]


def test_read_since_counts_what_was_lost() -> None:
    """A reader that comes too late is told how many samples it missed."""
    ring: RingBuffer[np.int64] = RingBuffer(4, np.int64)
    ring.update(np.arange(10))
    samples, position, lost = ring.read_since(3)
    assert (samples.tolist(), position, lost) == ([6, 7, 8, 9], 10, 3)
    samples, position, lost = ring.read_since(position)
    assert (samples.tolist(), position, lost) == ([], 10, 0)


@pytest.mark.parametrize("position", [-1, 4])
def test_refuses_a_position_that_never_was(position: int) -> None:
    """A position before the start or in the future is a mistake of the caller's, and is said to be one."""
    ring: RingBuffer[np.int64] = RingBuffer(4, np.int64)
    ring.update(np.arange(3))
    with pytest.raises(ValueError, match="not within 0 and 3"):
        ring.read_since(position)


@pytest.mark.parametrize("length", [0, -5])
def test_refuses_to_hold_nothing(length: int) -> None:
    """A ring holds at least one sample."""
    with pytest.raises(ValueError, match="at least one"):
        RingBuffer(length, np.float32)


@given(
    length=st.integers(1, 20),
    steps=st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30),
)
def test_agrees_with_a_list(length: int, steps: list[tuple[int, bool]]) -> None:
    """Whatever is written and whenever it is read, the ring is the tail of a list that keeps everything."""
    ring: RingBuffer[np.int64] = RingBuffer(length, np.int64)
    everything: list[int] = []
    at = 0
    for count, reads in steps:
        block = list(range(len(everything), len(everything) + count))
        everything += block
        ring.update(np.array(block, np.int64))
        assert ring.position == len(everything)
        assert ring.read().tolist() == ([0] * length + everything)[-length:]
        if reads:
            samples, after, lost = ring.read_since(at)
            oldest = max(at, len(everything) - length)
            assert (samples.tolist(), after, lost) == (everything[oldest:], len(everything), oldest - at)
            at = after


def test_waits_for_the_writer() -> None:
    """`wait_beyond` returns when something is written, at once where it is there already, and gives up in time."""
    ring: RingBuffer[np.int64] = RingBuffer(4, np.int64)
    assert not ring.wait_beyond(0, 0.01)
    writer = threading.Timer(0.05, ring.update, [np.arange(2)])
    writer.start()
    assert ring.wait_beyond(0, 60.0)
    assert ring.wait_beyond(1, 0.0)
    writer.join()


def hammer(blocks: int) -> tuple[list[str], int, int]:
    """One writer of a counter in random blocks, three readers: what they found wrong, what they read and missed."""
    ring: RingBuffer[np.uint32] = RingBuffer(LENGTH, np.uint32)
    counter = np.arange(2_000_000, dtype=np.uint32)
    lengths = np.random.default_rng(1).integers(0, LENGTH // 4, 4096)
    tears: list[str] = []
    totals: list[tuple[int, int]] = []
    done = threading.Event()

    def write() -> None:
        position = 0
        for number in range(blocks):
            first, length = position % 1_000_000, int(lengths[number % len(lengths)])
            ring.update(counter[first : first + length])
            position += length
        done.set()

    def check(samples: NDArray[np.uint32], start: int) -> None:
        # A block may run beyond a million before the counter starts again; hence the remainder.
        if np.any(samples % 1_000_000 != np.arange(start, start + len(samples)) % 1_000_000):
            tears.append(f"what was read from {start} is not the counter")

    def read_since() -> None:
        position = seen = missed = 0
        while True:
            finished = done.is_set()
            samples, after, lost = ring.read_since(position)
            if position + lost + len(samples) != after:
                tears.append(f"{position} + {lost} + {len(samples)} is not {after}")
            check(samples, position + lost)
            position, seen, missed = after, seen + len(samples), missed + lost
            if finished:
                totals.append((seen, missed))
                return

    def read_all() -> None:
        while not done.is_set():
            samples = ring.read()
            if samples[0]:  # it has been filled once
                check(samples, int(samples[0]))

    threads = [threading.Thread(target=target) for target in (write, read_since, read_since, read_all)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(seen + missed != ring.position for seen, missed in totals):
        tears.append(f"{totals} do not add up to {ring.position}")
    return tears, sum(seen for seen, _ in totals), sum(missed for _, missed in totals)


def test_never_tears() -> None:
    """One writer, three readers, fifty thousand blocks of random length: every run that is read is unbroken."""
    tears, seen, _ = hammer(50_000)
    assert tears == []
    assert seen > 0


@pytest.mark.slow
def test_never_tears_in_a_million_blocks() -> None:
    """The same with a million blocks."""
    tears, seen, _ = hammer(1_000_000)
    assert tears == []
    assert seen > 0


def test_memory_is_constant() -> None:
    """However much passes through it, the ring takes no more memory."""
    ring: RingBuffer[np.float32] = RingBuffer(1000, np.float32)
    block = np.zeros(160, np.float32)
    position = 0

    def turn(times: int) -> int:
        nonlocal position
        for _ in range(times):
            ring.update(block)
            _, position, _ = ring.read_since(position)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = turn(1000)
        assert turn(20_000) < early + 4096
    finally:
        tracemalloc.stop()
