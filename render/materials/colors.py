"""Colours in words (names, RAL numbers, #rrggbb) to linear RGB."""

from __future__ import annotations

import re

Rgb = tuple[float, float, float]

# sRGB; the named plastics are the usual pigments, not the corners of the RGB cube.
NAMED = {
    "black": "#0f0f10", "white": "#e9e9e4", "grey": "#7d8082", "gray": "#7d8082", "light grey": "#b9bcbb",
    "dark grey": "#46494b", "red": "#b3130f", "green": "#1f7a34", "blue": "#10489c", "yellow": "#f2c300",
    "orange": "#e3620e", "purple": "#5a2a82", "violet": "#5a2a82", "brown": "#5c3a21", "beige": "#cdb891",
    "pink": "#d9578c", "gold": "#c79a2f", "silver": "#b5b8ba", "turquoise": "#0d8c8c", "ivory": "#e6dcc0",
}  # fmt: skip

# Common RAL Classic colours in sRGB.
RAL = {
    1000: "#CDBA88", 1001: "#D0B084", 1003: "#F9A800", 1004: "#E49E00", 1007: "#E88C00", 1013: "#E3D9C6",
    1014: "#DDC49A", 1015: "#E6D2B5", 1016: "#F1DD38", 1018: "#FACA30", 1021: "#F6B600", 1023: "#F7B500",
    1028: "#FF9B00", 2000: "#DD7907", 2002: "#C63927", 2003: "#FA842B", 2004: "#E75B12", 2008: "#ED6B21",
    2009: "#DE5307", 2010: "#D05D28", 2011: "#E26E0E", 3000: "#A72920", 3001: "#9B2423", 3002: "#9B2321",
    3003: "#861A22", 3004: "#6B1C23", 3005: "#59191F", 3009: "#6D342D", 3020: "#BB1E10", 4005: "#76689A",
    4006: "#903373", 4008: "#844C82", 5002: "#00387B", 5003: "#1F3855", 5005: "#005387", 5007: "#376B8C",
    5009: "#215F78", 5010: "#004F7C", 5011: "#1A2B3C", 5012: "#0089B6", 5013: "#193153", 5014: "#637D96",
    5015: "#007CB0", 5017: "#005B8C", 5018: "#058B8C", 5021: "#007577", 5022: "#222D5A", 6000: "#3C7460",
    6001: "#366735", 6002: "#325928", 6005: "#114232", 6009: "#27352A", 6010: "#4D6F39", 6011: "#6C7C59",
    6016: "#00694C", 6018: "#61993B", 6024: "#008754", 6026: "#005F4E", 6029: "#006F3D", 7000: "#7A888E",
    7001: "#8C979C", 7004: "#9B9B9B", 7005: "#6C6E6B", 7011: "#555D61", 7012: "#596163", 7015: "#51565C",
    7016: "#383E42", 7021: "#2F3234", 7022: "#4B4D46", 7024: "#474A50", 7030: "#939388", 7031: "#5D6970",
    7032: "#B9B9A8", 7035: "#C5C7C4", 7036: "#979392", 7037: "#7A7B7A", 7038: "#B0B0A9", 7039: "#6B665E",
    7040: "#989EA1", 7042: "#8E9291", 7043: "#4F5250", 7044: "#B7B3A8", 7045: "#8D9295", 7046: "#7E868A",
    7047: "#C8C8C7", 8001: "#9C6B30", 8003: "#7E4B26", 8004: "#8D4931", 8011: "#5A3826", 8012: "#66332B",
    8014: "#4A3526", 8016: "#4C2B20", 8017: "#442F29", 8019: "#3D3635", 9001: "#E9E0D2", 9002: "#D7D5CB",
    9003: "#ECECE7", 9004: "#2B2B2C", 9005: "#0E0E10", 9006: "#A1A1A0", 9007: "#868581", 9010: "#F1EDE1",
    9011: "#27292B", 9016: "#F1F0EA", 9017: "#2A292A",
}  # fmt: skip


def linear(srgb: float) -> float:
    """One sRGB channel (0-1) as linear light (0-1)."""
    return srgb / 12.92 if srgb <= 0.04045 else float(((srgb + 0.055) / 1.055) ** 2.4)


def read_color(word: str) -> Rgb | None:
    """Linear RGB (0-1) of a colour's name, "RAL 7015" or "#rrggbb"; None when the word is none of these.

    >>> [round(channel, 3) for channel in read_color("#ff8000")]
    [1.0, 0.216, 0.0]
    >>> read_color("RAL 9005") == read_color("#0E0E10")
    True
    """
    word = re.sub(r"\s+", " ", word.strip().lower().replace("_", " "))
    ral = re.fullmatch(r"ral ?-?(\d{4})", word)
    code = RAL.get(int(ral[1])) if ral else NAMED.get(word, word)
    if code is None or not re.fullmatch(r"#[0-9a-fA-F]{6}", code):
        return None
    red, green, blue = (linear(int(code[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return (red, green, blue)
