"""`python -m training`: train the bundled model and put it in place."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from training.fit import Schedule
from training.recipe import Options, run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with data, labels and models")
    parser.add_argument("--data", type=Path, help="folder with manifest.csv (default: data in the shared folder)")
    parser.add_argument("--out", type=Path, default=Path("src/auricle/models/bundled"), help="where the model goes")
    parser.add_argument(
        "--work", type=Path, default=Path("build/training"), help="lessons and students are kept and used again here"
    )
    parser.add_argument("--lessons", type=int, default=2400, help="mixtures made from each fold")
    parser.add_argument("--first-steps", type=int, default=800, help="steps on a pair of folds")
    parser.add_argument("--second-steps", type=int, default=450, help="further steps with a third fold")
    parser.add_argument("--third-steps", type=int, default=350, help="further steps from large to small once more")
    parser.add_argument(
        "--final-steps",
        type=int,
        nargs=2,
        default=[900, 800],
        help="the model that ships: these in place of the two above",
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _first(steps: int) -> Schedule:
    """Easy lessons to begin with."""
    return Schedule(
        steps=steps, batch=24, rate=3e-3, last_rate=5e-4, decay=0.02, average=0.98,
        distil=0.1, rank=1.0, mixup=0.2, warp=0.0, mask=0.4, silence=1.0,
    )  # fmt: skip


def _second(steps: int) -> Schedule:
    """Harder ones; Silence is taught as 0.6, so that a clip of a sound and a pause is named after the sound."""
    return Schedule(
        steps=steps, batch=24, rate=2e-3, last_rate=0.0, decay=0.02, average=0.99,
        distil=0.2, rank=1.0, mixup=0.45, warp=1.5, mask=0.5, silence=0.6,
    )  # fmt: skip


def main() -> int:
    """Run the recipe; 130 on Ctrl-C, with nothing half-written."""
    words = _arguments()
    options = Options(
        shared=words.shared,
        data=words.data or words.shared / "data",
        out=words.out,
        work=words.work,
        lessons=words.lessons,
        first=_first(words.first_steps),
        second=_second(words.second_steps),
        third=replace(_second(words.third_steps), mixup=0.3),
        final_second=words.final_steps[0],
        final_third=words.final_steps[1],
        seed=words.seed,
    )
    try:
        run(options)
    except KeyboardInterrupt:
        print("\nstopped; the bundled model is as it was", file=sys.stderr)
        return 130
    except FileNotFoundError as error:
        print(f"{error.filename}: no such file; say where the data is with --shared or --data", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
