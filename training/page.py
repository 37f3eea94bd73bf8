"""`python -m training.page`: writes the tables of docs/models.md, and its picture, anew from the bundled model's card."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from auricle.evaluation import picture

CARD = Path("src/auricle/models/bundled/card.json")
PAGE = Path("docs/models.md")
PICTURE = Path("docs/images/held-out.png")
BEGIN, END = "<!-- tables: written by `python -m training.page` -->\n", "<!-- end of tables -->\n"


def accuracies(card: dict[str, Any]) -> str:
    """ESC-10 fold by fold."""
    lines = ["| Fold held out | 5 s | 5 s, over all labels | loudest 2 s | clips |", "|---|---|---|---|---|"]
    for fold, row in card["metrics"]["esc10_folds"].items():
        shares = " | ".join(f"{row[key]:.1%}" for key in ("top1_5s", "top1_5s_all_labels", "top1_loudest_2s"))
        lines.append(f"| {fold} | {shares} | {row['clips']} |")
    mean = card["metrics"]["esc10_mean"]
    shares = " | ".join(f"**{mean[key]:.1%}**" for key in ("top1_5s", "top1_5s_all_labels", "top1_loudest_2s"))
    return "\n".join([*lines, f"| mean | {shares} | |"])


def confusion(card: dict[str, Any]) -> str:
    """Draws who was taken for whom among the ten; the line that shows the picture."""
    table, share = card["metrics"]["esc10_confusion"], card["metrics"]["esc10_mean"]["top1_5s"]
    counts = np.array(table["rows_are_truth"], np.int64)
    heading = f"{counts.sum()} clips of 5 s that the model had not met, {share:.1%} named right"
    with PICTURE.open("wb") as stream:
        picture.draw(counts, table["labels"], heading, stream)
    return (
        f"![Who was taken for whom: a row for each truth, a column for each answer]({PICTURE.relative_to(PAGE.parent)})"
    )


def classes(card: dict[str, Any]) -> str:
    """Every label with its evidence."""
    lines = [
        "| Label | Evidence | Clips (recordings) | AP | On | Recall | Precision | False events/h |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for label in card["labels"]:
        on, proof = card["thresholds"]["on"][label], card["evidence"].get(label)
        if proof is None:
            lines.append(f"| {label} | by its level | – | – | {on:.2f} | – | – | – |")
            continue
        lines.append(
            f"| {label} | {proof['kind'].split(' (')[0].split(',')[0]} | {proof['positives']} ({proof['recordings']}) "
            f"| {proof['average_precision']:.2f} | {on:.2f} | {proof['recall_at_threshold']:.0%} "
            f"| {proof['precision_at_threshold']:.0%} | {proof['false_events_per_hour']:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Put the tables between the two marks of the page."""
    argparse.ArgumentParser(prog="python -m training.page", description=__doc__).parse_args()
    card = json.loads(CARD.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    parts = ["", accuracies(card), "", classes(card), "", confusion(card), ""]
    PAGE.write_text(before + BEGIN + "\n".join(parts) + "\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
