"""Heads are shared only with an answer that was asked for after everybody who shares it had come."""

import threading

from forum.config import Settings
from forum.live.heads import Heads
from forum.live.lines import Lines


class Slow(Heads):
    """A database that answers when it is told to."""

    def __init__(self):
        super().__init__(
            Lines(Settings(database_url="postgresql://nowhere/nothing", secret_key="not empty, for the test"))
        )
        self.asked = 0
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def _ask(self, slug):
        self.asked += 1
        answer = self.asked
        self.began.release()
        assert self.go_on.acquire(timeout=5)
        return (answer, "epoch", 0, "live", "public")


def test_who_asks_during_a_question_shares_the_next_one_and_never_the_running_one():
    heads, answers = Slow(), []

    def look():
        answers.append(heads.look("water")[0])

    threads = [threading.Thread(target=look) for _ in range(5)]
    threads[0].start()
    assert heads.began.acquire(timeout=5)
    for thread in threads[1:]:
        thread.start()
    while len(heads._next) == 0:
        pass
    heads.go_on.release()
    assert heads.began.acquire(timeout=5)
    heads.go_on.release(4)
    for thread in threads:
        thread.join(5)
    assert sorted(answers)[0] == 1
    assert answers.count(1) == 1
    assert len(answers) == 5
    assert heads._next == {}
