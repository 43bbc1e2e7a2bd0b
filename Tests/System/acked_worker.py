"""A worker that speaks the wire itself and acknowledges each request with its answer (INTERFACE.md, I73).

    acked_worker.py BROKER-PORT CREDIT [SECONDS-FOR-EACH]

It answers with the number of times that the request was delivered, and its own process number. What asks for `/never`
is not answered.
"""

from __future__ import annotations

import json
import os
import sys
import time

from harness import Wire


def main(port: int, credit: int, pause: float) -> None:
    wire = Wire(port)
    wire.write(f"LISTEN http.request Ack=1\nREADY {credit}\n")
    while True:
        line, body = wire.read()
        if not line.startswith("MSG "):
            continue
        words = dict(word.split("=", 1) for word in line.split(" ") if "=" in word)
        request = json.loads(body or b"")
        if request["path"] == "/never":
            continue
        time.sleep(pause)
        answer = json.dumps({"status": 200, "content": f"{words['times']} {os.getpid()}"})
        wire.write(f"SEND :{len(answer)} {request['reply_channel']} Ack={words['ack']}\n{answer}\nREADY 1\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float([*sys.argv, "0"][3]))
