import json

import seaway

worker = seaway.Worker()
votes = {"tea": 0, "coffee": 0}


def counts():
    return {"text": json.dumps(votes, separators=(",", ":"))}


@worker.on("http.request", path="/vote/{choice}", method="POST")
def vote(message):
    choice = message.parameters["choice"]
    if choice not in votes:
        return message.respond(404, content="there is tea, and there is coffee\n")
    votes[choice] += 1
    seaway.Group("poll").send(counts())
    message.respond(json=votes)


@worker.websocket("/live")
def said(socket, content):
    pass  # browsers vote by HTTP


@said.connect
def join(socket):
    socket.join("poll")
    socket.send(counts()["text"])
