"""Draws forum/demo/hero.webp: a river between two banks, from plain shapes. Run it from the project's root."""

import math
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1280, 480


def draw() -> Image.Image:
    """Return the picture."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#f3e9d8")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((980, 50, 1090, 160), fill="#e8b45a")
    for index in range(22):
        left, tall = index * 60, 60 + (index * 37) % 90
        pen.rectangle((left, 270 - tall, left + 48, 280), fill=("#c98f6b", "#b87a5a", "#d8a883")[index % 3])
    for band, colour in enumerate(("#5f8f6b", "#2f6f8f", "#3f83a3", "#5598b5", "#3f83a3", "#4d7a58")):
        edge = [(x, 265 + band * 36 + 12 * math.sin(x / 120 + band)) for x in range(0, WIDTH + 20, 20)]
        pen.polygon([*edge, (WIDTH, HEIGHT), (0, HEIGHT)], fill=colour)
    return picture


if __name__ == "__main__":
    draw().save(Path("forum/demo/hero.webp"), "WEBP", quality=70)
