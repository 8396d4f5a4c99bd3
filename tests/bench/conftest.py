"""The browser that some figures are measured in."""

from tests.browser.conftest import chromium

__all__ = ["chromium"]
