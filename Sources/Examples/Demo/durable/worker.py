"""The Python worker of `make demo-durable`: a job is acknowledged when its function returns.

python worker.py BROKER …
"""

from __future__ import annotations

import sys
import time

import seaway

worker = seaway.Worker(layer=seaway.Layer(hosts=sys.argv[1:], client="jobs-python"))


@worker.on("jobs.demo", ack=True)
def job(message: seaway.Message) -> None:
    time.sleep(0.02)
    print(message["number"], message.times, flush=True)


worker.run()
