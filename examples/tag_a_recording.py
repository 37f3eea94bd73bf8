"""Which sounds are in a recording, and when.

python examples/tag_a_recording.py street.wav
"""

import sys

import soundfile

import auricle


def main(path: str) -> None:
    """Prints the clip's three likeliest labels, then its events."""
    model = auricle.load_model("bundled")
    audio, rate = soundfile.read(path, dtype="float32")
    scores = model.tag(audio, rate)
    for k in scores.argsort()[::-1][:3]:
        print(f"{scores[k]:4.0%}  {model.labels[k]}")
    for event in auricle.detect(path):
        print(f"{event.onset_s:6.2f} s … {event.offset_s:6.2f} s  {event.label}")


if __name__ == "__main__":
    main(sys.argv[1])
