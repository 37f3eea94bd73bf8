"""From many channels to one."""

from __future__ import annotations

import numpy as np
import pytest

from auricle.errors import FileError, SourceError
from auricle.sources.channels import check_channel, check_finite, to_mono

STEREO = np.array([[0.2, 0.4], [0.6, -0.6]], np.float32)


def test_zero_is_the_mean_and_others_count_from_one() -> None:
    """Of one channel there is only that one."""
    np.testing.assert_allclose(to_mono(STEREO, 0), [0.3, 0.0], atol=1e-7)
    np.testing.assert_array_equal(to_mono(STEREO, 1), STEREO[:, 0])
    np.testing.assert_array_equal(to_mono(STEREO, 2), STEREO[:, 1])
    np.testing.assert_array_equal(to_mono(STEREO[:, :1], 0), STEREO[:, 0])
    assert to_mono(STEREO, 0).dtype == np.float32


@pytest.mark.parametrize(("channel", "channels", "says"), [(2, 1, "has 1 channel,"), (8, 7, "has 7 channels,")])
def test_a_channel_that_is_not_there(channel: int, channels: int, says: str) -> None:
    """It is said how many there are."""
    with pytest.raises(SourceError, match=f"x {says} there is no CHANNEL {channel}; 0 takes the mean"):
        check_channel(channel, channels, "x")
    check_channel(channels, channels, "x")


def test_says_where_the_damage_is() -> None:
    """The first sample that is not a number, in seconds since the beginning."""
    audio = np.zeros(100, np.float32)
    check_finite(audio, "x", 0, 100)
    audio[[50, 70]] = np.nan
    with pytest.raises(FileError, match=r"at 10\.500 s"):
        check_finite(audio, "x", 1000, 100)
