"""The bell: whoever waits is woken at once, hears each discussion once, and no ring is lost."""

import threading

from forum.live import wake


def test_who_waits_is_woken_and_hears_every_discussion_once():
    wake.wait(0)
    heard = []
    waiting = threading.Thread(target=lambda: heard.append(wake.wait(60)))
    waiting.start()
    wake.wake(7)
    waiting.join(5)
    assert heard == [{7}]
    for number in (8, 9, 8):
        wake.wake(number)  # while nobody waits
    assert [wake.wait(60), wake.wait(0)] == [{8, 9}, set()]
