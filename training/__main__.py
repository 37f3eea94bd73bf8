"""`python -m training`: train the bundled model and put it in place."""

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from training import exits

with exits.libraries(__name__):
    from training.changes import Change
    from training.reader import Schedule
    from training.recipe import Options, run

LIBRARIES = tuple(Path("/usr/share/sounds/sf2") / name for name in ("FluidR3_GM.sf2", "TimGM6mb.sf2"))
"""Where Debian's fluid-soundfont-gm and timgm6mb-soundfont put them."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with data, labels and models")
    parser.add_argument("--data", type=Path, help="folder with manifest.csv (default: data in the shared folder)")
    parser.add_argument(
        "--libraries",
        type=Path,
        nargs=2,
        metavar=("LEARN", "TRY"),
        default=LIBRARIES,
        help="sampled instruments (SoundFont 2)",
    )
    parser.add_argument("--out", type=Path, default=Path("src/auricle/models/bundled"), help="where the model goes")
    parser.add_argument(
        "--work", type=Path, default=Path("build/training"), help="lessons and students are kept and used again here"
    )
    parser.add_argument("--lessons", type=int, default=4800, help="mixtures made from each fold")
    parser.add_argument("--first-steps", type=int, default=2400, help="steps of each training with clips alone")
    parser.add_argument("--second-steps", type=int, default=3300, help="further steps with lessons too")
    parser.add_argument(
        "--last-steps", type=int, default=800, help="further steps with speech, music (made music too) and room noise"
    )
    parser.add_argument(
        "--abrupt-steps", type=int, default=900, help="and others with abrupt beginnings; the mean of both ships"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _first(steps: int) -> Schedule:
    """To tell ten kinds of sound apart, by clips alone, much changed."""
    return Schedule(
        steps=steps, crops=24, lessons=0, crop_change=Change(3.0, 3.0, 8.0, 0.0), lesson_change=Change(0.0, 0.0, 0.0, 0.0),
        rate=3e-3, decay=0.05, average=0.99, detect=0.0, distil=0.0, rank=1.0, cut=0.0, mixup=0.6, mask=0.6, pause=0.4, style=0.5,
        silence=1.0,
    )  # fmt: skip


def _second(steps: int) -> Schedule:
    """To detect all kinds, in lessons too; Silence is taught as 0.6, so that a clip of a sound and a pause is named after the sound."""
    return Schedule(
        steps=steps, crops=16, lessons=10, crop_change=Change(3.0, 3.0, 8.0, 0.0), lesson_change=Change(1.5, 2.0, 0.0, 0.0),
        rate=1.5e-3, decay=0.05, average=0.99, detect=1.0, distil=3.0, rank=6.0, cut=0.0, mixup=0.5, mask=0.5, pause=0.0, style=0.5,
        silence=0.6,
    )  # fmt: skip


def _last(steps: int) -> Schedule:
    """To be sure of what is there and of what is not, near and far, with speech, music and room noise among the clips."""
    return Schedule(
        steps=steps, crops=20, lessons=12, crop_change=Change(3.0, 3.0, 12.0, 0.5), lesson_change=Change(1.5, 2.0, 12.0, 0.5),
        rate=1e-3, decay=0.05, average=0.99, detect=1.0, distil=1.0, rank=1.5, cut=0.0, mixup=0.3, mask=0.4, pause=0.0, style=0.5,
        silence=0.6,
    )  # fmt: skip


def _abrupt(steps: int) -> Schedule:
    """The same to another end: more crops, of which half begin or end abruptly in noise."""
    return replace(_last(steps), crops=25, rank=3.0, cut=0.5)


def _is_soundfont(path: Path) -> bool:
    """FluidSynth would play silence from anything else."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"sfbk"


def main() -> int:
    """Run the recipe; 130 on Ctrl-C, with nothing half-written."""
    words = _arguments()
    absent = [str(path) for path in words.libraries if not path.is_file()]
    absent += [] if shutil.which("fluidsynth") else ["fluidsynth"]
    if absent:
        what = "say where sampled instruments are with --libraries, or install fluidsynth, fluid-soundfont-gm and timgm6mb-soundfont"
        print(f"{absent[0]} is missing; {what} (Debian)", file=sys.stderr)
        return 2
    if strange := [path for path in words.libraries if not _is_soundfont(path)]:
        print(f"{strange[0]} is no SoundFont 2 library; give another with --libraries", file=sys.stderr)
        return 2
    options = Options(
        shared=words.shared,
        data=words.data or words.shared / "data",
        libraries=tuple(words.libraries),
        out=words.out,
        work=words.work,
        lessons=words.lessons,
        schedules=(_first(words.first_steps), _second(words.second_steps)),
        last=(_last(words.last_steps), _abrupt(words.abrupt_steps)),
        seed=words.seed,
    )
    return exits.status(
        lambda: run(options),
        stopped="stopped; the bundled model is as it was",
        missing="say where the data is with --shared or --data",
    )


if __name__ == "__main__":
    sys.exit(main())
