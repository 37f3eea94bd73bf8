"""The microphone, through PortAudio: opened as the device likes it, kept by name, watched, and found again.

Threads: PortAudio's own thread runs `_hear`, which only copies into the ring and counts. One other thread iterates
`blocks`. `close` may be called from any thread.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import DeviceError
from auricle.messages import Block, SourceState
from auricle.stages import Ring

_POLL_S = 0.1
"""How soon `close` is noticed while the device is quiet."""
_CHUNKS_MISSING = 4
"""A device is not lost before so many chunks are overdue."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 8.0
_MANY_CHANNELS = 16
"""Sound servers report dozens of channels and convert to any number; two are enough from them."""
_COMMON_RATES = (48000, 44100, 32000, 16000)


@dataclass(frozen=True)
class Input:
    """A device that sound comes in from."""

    index: int
    """PortAudio's number, which changes when devices come and go; never store it."""
    name: str
    """Stable: without the numbers that change from one start to the next."""
    host_api: str
    rate: int
    """The device's own, Hz."""
    channels: int
    is_default: bool


def inputs() -> list[Input]:
    """Every input device as PortAudio sees it now. Raises DeviceError where there is no PortAudio."""
    portaudio = _portaudio()
    default = portaudio.default.device[0]
    names: dict[str, int] = {}
    found = []
    for index, device in enumerate(portaudio.query_devices()):
        if device["max_input_channels"] < 1:
            continue
        name = re.sub(r"\s*\((?:plug)?hw:\d+(?:,\d+)*\)", "", device["name"]).strip() or f"device {index}"
        host_api = portaudio.query_hostapis(device["hostapi"])["name"]
        count = names[name] = names.get(name, 0) + 1
        if count > 1:
            name = f"{name} #{count}"
        found.append(
            Input(
                index, name, host_api, int(device["default_samplerate"]), device["max_input_channels"], index == default
            )
        )
    return found


def refresh() -> None:
    """Makes PortAudio look for devices again, which it does at its start only; no stream may be open. Raises DeviceError."""
    portaudio = _portaudio()
    try:
        portaudio._terminate()
        portaudio._initialize()
    except portaudio.PortAudioError as error:
        raise DeviceError(str(error.args[0])) from None


def select(devices: list[Input], wanted: str) -> Input:
    """The one whose name is `wanted`, or contains it; the default one for an empty text. Raises DeviceError."""
    if not devices:
        raise DeviceError("There is no microphone; plug one in, or name a recording: `auricle detect FILE`.")
    names = ", ".join(f"“{device.name}”" for device in devices)
    if not wanted:
        default = [device for device in devices if device.is_default]
        return default[0] if default else devices[0]
    same = [device for device in devices if device.name.casefold() == wanted.casefold()]
    containing = [device for device in devices if wanted.casefold() in device.name.casefold()]
    matches = same or containing
    if len(matches) == 1:
        return matches[0]
    if matches:
        several = ", ".join(f"“{device.name}”" for device in matches)
        raise DeviceError(f"DEVICE={wanted} fits several inputs, {several}; give more of the name.")
    near = difflib.get_close_matches(wanted, [device.name for device in devices], n=1)
    hint = f"did you mean “{near[0]}”? " if near else ""
    raise DeviceError(f"There is no input device “{wanted}”; {hint}there are {names}.")


class Microphone:
    """Live sound. A device that falls silent for too long is closed, looked for with growing patience, and opened anew."""

    def __init__(
        self, *, device: str, channel: int, chunk_s: float, ring: Callable[[int], Ring], stall_timeout_s: float
    ) -> None:
        """Opens the device, which is asked for `chunk_s` of sound at once. Raises DeviceError.

        `ring` makes one for a rate; the rest is as in ConfDef.
        """
        self._wanted, self._channel, self._chunk_s = device, channel, chunk_s
        self._make_ring, self._stall_timeout_s = ring, stall_timeout_s
        self._closed = threading.Event()
        self._gaps: deque[tuple[int, int]] = deque()  # (ring position, samples lost there), from PortAudio's thread
        self._stream: Any = None
        self.state = SourceState.RUNNING
        self._open()
        # Stream time 0 is when the first sample was heard, which some devices deliver a while after they open.
        self._ring.wait_beyond(0, self._stall_timeout_s)
        heard_s = self._ring.position / self._rate
        self._began_s = time.monotonic() - heard_s
        self.began = datetime.now().astimezone() - timedelta(seconds=heard_s)

    def blocks(self) -> Generator[Block, None, None]:
        """What the device delivers, until `close`; an empty block each time that a look for a lost device failed."""
        start = 0
        try:
            while not self._closed.is_set():
                for block in self._listen(start):
                    yield block
                    start = block.start + len(block.audio)
                if self._closed.is_set():
                    return
                self.state = SourceState.WAITING
                old_rate = self._rate
                yield Block(start=start, audio=np.zeros(0, np.float32), rate=old_rate, lost=0)
                for _ in self._reopen():
                    yield Block(start=start, audio=np.zeros(0, np.float32), rate=old_rate, lost=0)
                start = round(start / old_rate * self._rate)
                self.state = SourceState.RUNNING
        finally:
            self._shut()
            self.state = SourceState.ENDED

    def close(self) -> None:
        """Ends `blocks` within a moment; that thread closes the device."""
        self._closed.set()

    def _listen(self, start: int) -> Iterator[Block]:
        """Blocks from the open device until it stalls; the first one's clock counts what was missed since `start`."""
        position, quiet_s, first = 0, 0.0, True
        patience_s = max(self._stall_timeout_s, _CHUNKS_MISSING * self._chunk_s)
        while not self._closed.is_set():
            if not self._ring.wait_beyond(position, _POLL_S):
                quiet_s += _POLL_S  # counted, not measured: a program that was stopped has not waited
                if quiet_s > patience_s:
                    return
                continue
            samples, position, lost = self._ring.read_since(position)
            quiet_s = 0.0
            while self._gaps and self._gaps[0][0] <= position:
                lost += self._gaps.popleft()[1]
            if first and start:
                lost += max(0, round((time.monotonic() - self._began_s) * self._rate) - start - len(samples))
            first = False
            yield Block(start=start + lost, audio=samples, rate=self._rate, lost=lost)
            start += lost + len(samples)

    def _reopen(self) -> Iterator[None]:
        """Looks for the device with growing pauses until it opens or `close` is called; one turn for each failure."""
        pause_s = _FIRST_RETRY_S
        self._shut()
        while not self._closed.wait(pause_s):
            with contextlib.suppress(DeviceError):
                refresh()
                self._open()
                return
            pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
            yield

    def _open(self) -> None:
        portaudio = _portaudio()
        device = select(inputs(), self._wanted)
        self.name = device.name
        if self._channel > device.channels:
            raise DeviceError(
                f"“{device.name}” has {device.channels} channels, there is no CHANNEL {self._channel}; 0 takes the mean."
            )
        own = device.channels if device.channels <= _MANY_CHANNELS else 2
        problem = ""
        for rate in dict.fromkeys((device.rate, *_COMMON_RATES)):
            for channels in dict.fromkeys((max(own, self._channel), max(2, self._channel), max(1, self._channel))):
                try:
                    self._start(portaudio, device.index, rate, channels)
                    return
                except portaudio.PortAudioError as error:
                    problem = problem or str(error.args[0])
        raise DeviceError(
            f"“{device.name}” does not open ({problem}); close other programs that use it, or choose another DEVICE."
        )

    def _start(self, portaudio: Any, index: int, rate: int, channels: int) -> None:
        self._rate = rate
        self._ring = self._make_ring(rate)
        self._gaps.clear()
        self._expected_adc_s = 0.0
        self._mix = np.full(channels, 1 / channels, np.float32)  # the mean, three times as fast as numpy's
        self._stream = portaudio.InputStream(
            device=index,
            samplerate=rate,
            channels=channels,
            dtype="float32",
            blocksize=max(1, round(self._chunk_s * rate)),
            latency="low",
            callback=self._hear,
        )
        self._stream.start()

    def _hear(self, samples: NDArray[np.float32], frames: int, clock: Any, status: Any) -> None:
        """PortAudio's callback: copies, and notes where samples were lost. It must not compute, wait, log or raise."""
        if status.input_overflow:
            lost = round((clock.inputBufferAdcTime - self._expected_adc_s) * self._rate)
            self._gaps.append((self._ring.position + frames, max(1, min(lost, 10 * self._rate))))
        self._expected_adc_s = clock.inputBufferAdcTime + frames / self._rate
        self._ring.update(samples[:, self._channel - 1] if self._channel else samples @ self._mix)

    def _shut(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(_portaudio().PortAudioError):
                stream.abort()
            with contextlib.suppress(_portaudio().PortAudioError):
                stream.close()


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError:
        raise DeviceError(
            "The PortAudio library is missing, without which no microphone can be heard; "
            "install it: `sudo apt install libportaudio2` on Debian, `brew install portaudio` on macOS."
        ) from None
    return sounddevice
