import seaway

worker = seaway.Worker()


@worker.on("jobs.receipt", ack=True)
def receipt(message):
    if message.times == 1:
        raise seaway.Retry(0.2)  # the printer is busy, the first time
    print("receipt for", message["choice"], flush=True)
