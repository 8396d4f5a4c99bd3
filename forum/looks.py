"""The site's own colours, made readable: from two colours that somebody likes, those that the style sheets ask for."""

import colorsys
import re
from functools import lru_cache

_HEX = re.compile(r"#[0-9a-f]{6}\Z")
# The least contrast of text, WCAG 2.2, 1.4.3 (AA).
_READABLE = 4.5
# The backgrounds that are hardest to read on, of `tokens.css`: the darkest of the light ones, the lightest of the dark.
_LIGHT, _DARK = "#eceeea", "#33280f"
_INK, _PAPER = "#16191c", "#ffffff"

Triple = tuple[float, float, float]


def is_colour(typed: str) -> bool:
    """Whether `typed` is a colour as a browser's colour field sends it, "#0b4fa8"."""
    return _HEX.match(typed) is not None


@lru_cache(maxsize=8)
def style(accent: str, signal: str) -> str:
    """Return the style that puts these colours in place of our own; empty for two empty ones.

    Text and links are made darker or lighter until they can be read in the light and in the dark.
    """
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    if accent:
        light |= {"link": readable(accent, _LIGHT), "on-link": _PAPER}
        dark |= {"link": readable(accent, _DARK), "on-link": "#0d1117"}
    if signal:
        pale, deep = _mixed(signal, _PAPER, 0.16), _mixed(signal, "#121517", 0.2)
        light |= {"signal": signal, "on-signal": _better(signal), "signal-text": readable(signal, pale)}
        light |= {"signal-bg": pale}
        dark |= {"signal-text": readable(signal, deep), "signal-bg": deep}
    if not light:
        return ""
    return f":root{{{_said(light)}}}@media(prefers-color-scheme:dark){{:root{{{_said(dark)}}}}}"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, ground: str) -> str:
    """Return `colour`, darker on a light `ground` and lighter on a dark one, until text of it can be read there."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    step = -0.01 if _luminance(ground) > 0.18 else 0.01
    while contrast(colour, ground) < _READABLE and 0 < lightness + step < 1:
        lightness += step
        colour = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
    return colour


def _better(ground: str) -> str:
    return max((_INK, _PAPER), key=lambda ink: contrast(ink, ground))


def _mixed(colour: str, other: str, share: float) -> str:
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(_parts(colour), _parts(other), strict=True))
    return _hex((red, green, blue))


def _luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> Triple:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _hex(parts: Triple) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _said(values: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in values.items())
