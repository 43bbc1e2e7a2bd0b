import seaway

worker = seaway.Worker()
votes = {"tea": 0, "coffee": 0}


@worker.on("http.request", path="/vote/{choice}", method="POST")
def vote(message):
    choice = message.parameters["choice"]
    if choice not in votes:
        return message.respond(404, content="there is tea, and there is coffee\n")
    votes[choice] += 1
    message.respond(json=votes)
