"""What differs between releases: version strings, builds and the order of versions."""

import functools

# build, update, patch, build date as `uname -a` shows it
_KNOWN = {
    "6.7.0": ("14320388", "3", "73", "Aug  5 2019 08:12:31"),
    "7.0.3": ("21930508", "3", "95", "Jun 21 2023 10:10:10"),
    "8.0.0": ("20513097", "0", "0", "Sep 23 2022 12:00:00"),
    "8.0.2": ("22380479", "2", "0", "Sep  4 2023 15:00:49"),
    "8.0.3": ("24674464", "3", "70", "Apr  2 2025 09:30:00"),
    "9.1.1": ("25714478", "1", "0", "May  5 2026 09:30:00"),
}
_UNCERTAIN_PATCH = ("6.7.0", "8.0.3")


@functools.lru_cache(maxsize=None)
def numbers(release):
    """'8.0.3' -> (8, 0, 3), shorter ones padded with zeros."""
    parts = [int(part) for part in release.split(".")]
    return tuple((parts + [0, 0, 0])[:3])


def normal(release):
    """The three-part form: '8.0' -> '8.0.0'; every 6.7 update calls itself 6.7.0."""
    parts = numbers(release)
    if parts[:2] == (6, 7):
        return "6.7.0"
    return ".".join(str(part) for part in parts)


def build(release):
    return _KNOWN.get(release, ("20000000",))[0]


def build_date(release):
    return _KNOWN[release][3] if release in _KNOWN else "Jan  1 2024 00:00:00"


def update_and_patch(release, documented=True):
    """The Update and Patch figures of `system version get`."""
    if release not in _KNOWN:
        return release.split(".")[2], "0"
    _, update, patch, _ = _KNOWN[release]
    return (update, patch) if documented or release not in _UNCERTAIN_PATCH else (update, "0")
