"""Consumers of Channels 1."""

from channels import Group


def connect(message):
    message.reply_channel.send({"accept": True})
    Group("room").add(message.reply_channel)


def receive(message):
    if message.content.get("bytes") is not None:
        message.reply_channel.send({"bytes": message["bytes"]})
    else:
        Group("room").send({"text": "Django heard " + message["text"]})


def disconnect(message):
    Group("room").discard(message.reply_channel)


def reject(message):
    message.reply_channel.send({"close": True})
