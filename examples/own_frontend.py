"""A window of one's own, with a backend that makes its scores up: python examples/own_frontend.py."""

import random
import tkinter as tk

from auricle.gui import LIGHT, Bottom, DemoFrontend, Middle, State, Top


class Guesses(DemoFrontend):
    """Scores five times a second."""

    def start(self) -> None:
        """Start was pressed."""
        super().start()
        self.guess()

    def guess(self) -> None:
        """Goes on as long as the state says so."""
        if self.state is State.RUNNING:
            self.show(sorted(((label, random.random()) for label in ("Dog", "Rain")), key=lambda row: -row[1]))
            self.after(200, self.guess)


root = tk.Tk()
demo = Guesses(root, theme=LIGHT, top=Top("Guesses"), middle=Middle(rows=2), bottom=Bottom())
demo.thresholds = {"Dog": 0.5}
demo.pack(fill="both", expand=True)
root.mainloop()
