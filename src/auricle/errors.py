"""Everything that can go wrong, drawn as one tree.

AuricleError                      one sentence, says what to do next; the command line prints it and exits with 2
├── SettingsError                 unknown key, wrong type, value out of range, a file that is not a configuration
├── SourceError                   a recording, stream or microphone that cannot be opened or heard
│   ├── FileError                 missing, empty, truncated, not audio, NaN-filled
│   └── DeviceError               no PortAudio, no microphone, not the one asked for, lost
├── ModelError                    a model that cannot be found or loaded
│   ├── CardError                 a card that is malformed, newer than this program, or does not fit its weights
│   └── CheckpointError           weights that cannot be read
├── LabelError                    a label file or list that does not fit the model
├── EvaluationError               figures that cannot be had: a library is missing, nothing to draw
│   └── ManifestError             a list of labelled recordings that does not fit its folder or the model
├── OutputError                   results that cannot be written
└── WindowError                   no display, or a Python without Tk

Interrupted                       Ctrl-C or SIGTERM after an orderly end; not an error, hence not in the tree
"""


class AuricleError(Exception):
    """Base of every error a user can cause; its text is one sentence that names what to do next."""


class SettingsError(AuricleError):
    """An unknown key, a wrong type, a value out of range, or a file that is not a configuration."""


class SourceError(AuricleError):
    """A recording, stream or microphone that cannot be opened or heard."""


class FileError(SourceError):
    """A recording that is missing, empty, truncated, not audio, or filled with NaN."""


class DeviceError(SourceError):
    """No PortAudio, no microphone, not the one that was asked for, or one that went away."""


class ModelError(AuricleError):
    """A model that cannot be found or loaded."""


class CardError(ModelError):
    """A model card that is malformed, newer than this program, or does not fit its weights."""


class CheckpointError(ModelError):
    """Weights that cannot be read."""


class LabelError(AuricleError):
    """A label file or list that does not fit the model."""


class EvaluationError(AuricleError):
    """Figures that cannot be had: a library is missing, or there is nothing to draw."""


class ManifestError(EvaluationError):
    """A list of labelled recordings that does not fit its folder or the model."""


class OutputError(AuricleError):
    """Results that cannot be written."""


class WindowError(AuricleError):
    """There can be no window: no display, or a Python without Tk."""


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM, after everything has been closed in good order; not an error.

    Nor an Exception: libraries catch those, as ONNX Runtime does while it is imported, and would go on.
    """

    CTRL_C = 130

    def __init__(self, status: int) -> None:
        """`status` is the program's exit status, 128 and the signal's number."""
        super().__init__(status)
        self.status = status
