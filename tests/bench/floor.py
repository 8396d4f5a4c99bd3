"""The yardstick of the broadcast: a process that does nothing but send the same bytes to every socket in a plain loop.

`python -m tests.bench.floor PORT READERS BYTES`: takes READERS connections and one more; for each byte on that one it
sends BYTES bytes to all others. Written in Python, because the loop's time is the kernel's: measured beside the same in
C (a send of 275 bytes 6.2 µs in both).
"""

import resource
import socket
import sys


def main(port: int, readers: int, size: int) -> None:
    """Serve until the one who asks has hung up."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    wires = []
    for _ in range(readers + 1):
        wire, _address = listener.accept()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wires.append(wire)
    asker = wires.pop()
    mark = 0
    while asker.recv(1):
        mark += 1
        data = f"mark{mark:04}".encode().ljust(size, b"x")
        for wire in wires:
            wire.send(data)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
