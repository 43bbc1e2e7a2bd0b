"""What is done with a channel, a group or a connection in the console."""

from __future__ import annotations

from console_stub import Open


def test_messages_of_a_channel_are_looked_at(opened: Open) -> None:
    page, script = opened()
    script.messages = [
        {"age": 61.0 + index, "size": 40, "times": index % 2, "body": {"id": index, "text": "é\n<b>"}}
        for index in range(30)
    ]
    script.messages[0]["body"] = {"big": 9007199254740993}
    script.messages[1] |= {"body": None, "text": "the beginning"}
    page.until_live()
    page.evaluate("document.querySelector('#channels tbody button.name').focus()")
    page.press("Enter")
    page.until("document.querySelectorAll('#messages li').length === 20")
    assert page.text("#sheet-title") == "mail.send"
    assert page.text("#messages-note") == "The oldest 20 of 30; looking takes none away."
    first, second = page.evaluate("[...document.querySelectorAll('#messages li')].slice(0, 2).map((e) => e.innerText)")
    # Not rounded, as numbers of JavaScript are.
    assert '"big": 9007199254740993' in first and "1 min 1 s old" in first
    assert "the beginning" in second and "delivered 1 time" in second
    assert "Waiting" in page.text("#sheet-facts")
    page.click("#messages-more")
    page.until("document.querySelectorAll('#messages li').length === 30")
    script.messages = []
    page.click("#messages-refresh")
    page.until_text("#messages-note", "Nothing waits here.")
    page.press("Escape")
    assert page.evaluate("document.querySelector('#sheet').open") is False
    # Who came by the keyboard is where he was.
    assert page.evaluate("document.activeElement.innerText") == "mail.send"


def test_a_message_is_sent_as_it_was_written(opened: Open) -> None:
    page, script = opened()
    page.until_live()
    page.click("#channels tbody button.name")
    page.click("#tab-send")
    page.evaluate("document.querySelector('#send-body').select()")
    page.write('{"n": 9007199254740993, "text": "é"}')
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to mail.send.")
    assert script.done == [("/api/send", {"channel": "mail.send", "body": {"n": 9007199254740993, "text": "é"}})]
    for text, complaint in [("[1]", "A message is an object: {…}"), ("{", "Not JSON"), (" ", "Nothing to send.")]:
        page.evaluate("document.querySelector('#send-body').select()")
        page.write(text)
        page.until_text("#send-error", complaint)
        page.click("#send-button")
        assert page.evaluate("document.querySelector('#send-body').getAttribute('aria-invalid')") == "true"
    assert len(script.done) == 1
    script.refusal = "full"
    page.evaluate("document.querySelector('#send-body').select()")
    page.write("{}")
    page.click("#send-button")
    page.until_text("#send-outcome", "Not sent: the channel is full")


def test_a_channel_that_is_not_there_yet_is_sent_to(opened: Open) -> None:
    page, script = opened()
    page.until_live()
    page.press("/")
    page.write(" New.Work ")
    page.until_text("#channels .offer", "Open channel New.Work")
    page.click("#channels .offer")
    page.until_text("#sheet-facts", "Nothing is there now")
    page.click("#tab-send")
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to New.Work.")
    assert script.done == [("/api/send", {"channel": "New.Work", "body": {"type": "hello"}})]


def test_a_group_is_sent_to_and_followed(opened: Open) -> None:
    page, script = opened()
    script.tails = ['data: {"channel":"web!1","time":1764571409.5,"size":2,"body":{},"kind":"sent"}\n\n']
    page.until_live()
    page.press("2")
    page.click("#groups tbody button.name")
    page.until("document.querySelectorAll('#tail-lines li').length === 1")
    page.click("#tab-send")
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to liveblog (3 members).")
    assert script.done == [("/api/groups/send", {"group": "liveblog", "body": {"type": "hello"}})]


def test_a_tail_is_bounded_and_says_what_it_has_missed(opened: Open) -> None:
    page, script = opened()
    line = 'data: {"channel":"mail.send","time":1764571409.5,"size":%d,"body":{"n":%d},"kind":"%s"}\r\n\r\n'
    script.tails = [line % (9, index, ["sent", "delivered", "dropped"][index % 3]) for index in range(1200)]
    script.tails += ['event: dropped\ndata: {"count":7}\n\n', ": nothing\n\n", line % (9, 1200, "sent")]
    page.until_live()
    page.click("#channels tbody button.name")
    page.click("#tab-tail")
    page.until_text("#tail-note", "1,201 seen · the last 500 are shown · 7 passed too fast to be shown")
    lines = page.evaluate("[...document.querySelectorAll('#tail-lines li')].map((line) => line.innerText)")
    assert isinstance(lines, list) and len(lines) == 500
    assert '{"n":701}' in lines[0] and '{"n":1200}' in lines[-1]
    # It follows.
    at_end = "(({scrollHeight, scrollTop, clientHeight}) => scrollHeight - scrollTop - clientHeight < 2)"
    assert page.evaluate(f"{at_end}(document.querySelector('#tail-lines'))")
    page.click("#tail-toggle")
    page.until_text("#tail-note", "Stopped.")
    assert page.text("#tail-toggle") == "Start"
    page.click("#tail-clear")
    assert page.evaluate("document.querySelector('#tail-lines').childElementCount") == 0
    page.click("#tail-toggle")
    page.until("document.querySelectorAll('#tail-lines li').length === 500")


def test_a_connection_is_ended_only_after_it_was_asked(opened: Open) -> None:
    page, script = opened()
    page.until_live()
    page.press("3")
    for leave in (lambda: page.press("Escape"), lambda: page.press("Enter"), lambda: page.click("#confirm [value=no]")):
        page.click("#connections tbody tr button.danger")
        assert "seaway-" in page.text("#confirm-text")
        # Cancel has the focus, so that a hasty Enter does nothing.
        leave()
        page.until("!document.querySelector('#confirm').open")
    assert script.done == []
    label = page.evaluate("document.querySelector('#connections tbody button.danger').getAttribute('aria-label')")
    page.click("#connections tbody tr button.danger")
    page.click("#confirm-yes")
    page.until_text("#news", "was ended.")
    ((path, body),) = script.done
    assert (
        path == "/api/connections/end"
        and set(body) == {"broker", "id", "age"}
        and f"End connection {body['id']} of" in str(label)
    )
