"""How soon an event is published after its sound has begun: suspected (EARLY=always), and sure.

Cnn9's weights cannot be had without the network. Its place is taken by a network of the same shape whose weights were set by
hand to hear loudness: it costs the same, waits for the same frames, and shows what the machinery adds to a hearing network.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save_file
from tests.live_player import LivePlayer
from tests.virtual_microphone import DEADLINE_S, VirtualMicrophone, wait_until

from auricle.app import DEMONSTRATION
from auricle.models import catalogue
from benchmarks import models as published
from benchmarks.figures import COMMAND
from benchmarks.window import sounds

_TURNS = 4
_PAUSE_S = 2.5
"""So that the last event is over, and not merged with the next."""


class _Listening:
    """`auricle listen`, each of whose lines is noted with the time at which it came."""

    def __init__(self, environment: dict[str, str], words: list[str]) -> None:
        command = [*COMMAND, "listen", "--format", "jsonl", "EARLY=always", *words]
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.lines: list[tuple[float, dict[str, str]]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self.lines.append((time.monotonic(), json.loads(line)))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)


def table() -> None:
    """The bundled model's figures, with each kind of peek, and those of a Cnn9 that hears loudness."""
    if missing := VirtualMicrophone.missing():
        print(f"From a sound's first sample to its event: not measured, needs {', '.join(missing)}\n")
        return
    print("From a sound's first sample at the microphone to its event, bundled model, peeking at changes")
    _measure([], None)
    print("The same, always peeking")
    _measure(["PEEK=always"], None)
    print("The same, no peek")
    _measure(["PEEK=never"], None)
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        print("A network of Cnn9's shape with weights set to hear loudness, peeking at changes")
        _measure([f"MODEL_PATH={_loudness_meter(Path(place))}", f"ALLOW=[{_LOUD}]"], _LOUD)


_LOUD = "Dog"
"""The label that stands for anything loud."""


def _loudness_meter(folder: Path) -> Path:
    """A model one of whose labels has the loudness over all bands as its logit; the other channels' weights are random."""
    made = published.made(catalogue.entries()["cnn9"])
    assert made is not None
    written, card, tensors = made
    for name, values in tensors.items():
        if values.ndim == 4:  # a convolution: its first channel is handed on as it is
            values[0] = 0.0
            values[0, 0, 1, 1] = 1.0
        elif values.ndim == 1:
            values[:] = 1.0 if name.endswith(("running_var", ".weight")) else 0.0
    place = card.labels.index(_LOUD)
    tensors["fc_audioset.weight"][:] = 0.0
    tensors["fc_audioset.bias"][:] = -8.0
    tensors["fc_audioset.weight"][place, 0] = 200.0
    tensors["fc_audioset.bias"][place] = -4.0
    save_file(tensors, folder / card.weights)
    (folder / "card.json").write_text(json.dumps(written), encoding="utf-8")
    return folder


def _measure(words: list[str], stand_in: str | None) -> None:
    """Median and 99th percentile of the demonstration's sounds, from the first sample in the virtual microphone to the line."""
    microphone = VirtualMicrophone()
    microphone.plug_in()
    player, listening = LivePlayer(microphone), _Listening(microphone.environment, words)
    try:
        player.play(soundfile.read(DEMONSTRATION, dtype="float32")[0], 32000)
        wait_until(lambda: bool(listening.lines), "it hears something")
        wait_until(lambda: not player.is_playing, "the sound is over")
        asked = [
            _published_s(listening, player, stand_in or label, span) for _ in range(_TURNS) for label, span in sounds()
        ]
    finally:
        listening.close()
        player.close()
        microphone.close()
    for k, what in enumerate(("suspected", "started")):
        times_ms = [1000 * after_s for after_s in (times[k] for times in asked) if after_s is not None]
        told = f"{len(times_ms)} of {len(asked)}"
        if times_ms:
            median, late = np.percentile(times_ms, [50, 99])
            print(f"  {what:<12}median {median:5.0f} ms   99 % within {late:5.0f} ms   {told}", flush=True)
    print()


def _published_s(
    listening: _Listening, player: LivePlayer, label: str, span: tuple[float, float]
) -> tuple[float | None, float | None]:
    """Seconds until the label's event is suspected or, failing that, started; and until it is started."""
    audio, rate = soundfile.read(DEMONSTRATION, dtype="float32")
    time.sleep(_PAUSE_S)
    before = len(listening.lines)
    began_s = player.play(audio[round(span[0] * rate) : round(span[1] * rate)], rate)
    wait_until(lambda: not player.is_playing, "the sound is over")
    time.sleep(_PAUSE_S)
    told = [(at_s - began_s, event["state"]) for at_s, event in listening.lines[before:] if event["label"] == label]
    first = [after_s for after_s, state in told if state in ("suspected", "started")]
    sure = [after_s for after_s, state in told if state == "started"]
    return (first[0] if first else None), (sure[0] if sure else None)
