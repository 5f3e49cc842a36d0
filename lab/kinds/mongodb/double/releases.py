"""What a release number means to a server: wire version, series, and the data it starts on.

After "setFeatureCompatibilityVersion" and the release notes of each series.
"""
SERIES = ("4.4", "5.0", "6.0", "7.0", "8.0")
WIRE = {"4.4": 9, "5.0": 13, "6.0": 17, "7.0": 21, "8.0": 25}
CONFIRMED_FROM = "7.0"      # setFeatureCompatibilityVersion must be confirmed


def series_of(release: str) -> str:
    """"6.0.19" -> "6.0"; ValueError for one that is not known."""
    series = ".".join(release.split(".")[:2])
    if series not in SERIES:
        raise ValueError(f"release {release} is of no known series: {', '.join(SERIES)}")
    return series


def before(series: str) -> str:
    """The series before; "" for the first."""
    return SERIES[SERIES.index(series) - 1] if series != SERIES[0] else ""


def can_read(series: str, compatibility: str) -> bool:
    """Whether a binary starts on data of this feature compatibility version: its own, or that of
    the series before."""
    return compatibility in (series, before(series))
