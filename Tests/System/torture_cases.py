"""Bad requests, and odd ones that are legal: what is sent, what comes back, and whether the connection lives on.

A case is a line of a table below: what is odd about it, the bytes, the status of each answer, and CLOSES or LIVES.
`|` stands for CR LF, so that a request can be read; what is odd in it stands there as an escape. A body of more than a
few bytes is written as `{n}`, which is n times `x`. The server's limits are small here: see LIMITS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LIVES, CLOSES = True, False

#: Options of the server under test.
LIMITS = {
    "--max-request-line": "1024",
    "--max-request-head": "4096",
    "--max-request-fields": "20",
    "--max-request-body": "1024",
}


@dataclass(frozen=True)
class Case:
    section: str
    name: str
    request: bytes
    answers: tuple[int, ...]
    lives: bool
    #: What the last worker saw: `METHOD path body`; nothing is asked when it is empty.
    seen: str = ""
    #: The client ends its sending side behind the request.
    ends: bool = False

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"


def wire(text: str) -> bytes:
    """The bytes that a text of the table stands for."""
    text = re.sub(r"\{(\d+)\}", lambda found: "x" * int(found[1]), text)
    return text.replace("|", "\r\n").encode("latin-1")


H = "Host: a|"
GET = f"GET / HTTP/1.1|{H}"
POST = f"POST / HTTP/1.1|{H}"
CHUNKED = f"{POST}Transfer-Encoding: chunked||"

#: section -> (what is odd, request, status or statuses, whether the connection lives[, what the worker sees])
TABLE: dict[str, list[tuple]] = {
    "request line (RFC 9112, 3)": [
        ("in order", f"{GET}|", 200, LIVES, "GET / "),
        ("an empty line before it, which is passed over", f"|{GET}|", 200, LIVES),
        ("two empty lines before it", f"||{GET}|", 200, LIVES),
        ("two spaces before the target, as a reader may take them", f"GET  / HTTP/1.1|{H}|", 200, LIVES, "GET / "),
        ("two spaces before the version", f"GET /  HTTP/1.1|{H}|", 200, LIVES, "GET / "),
        ("a space before the method", f" GET / HTTP/1.1|{H}|", 400, CLOSES),
        ("a space behind the version", f"GET / HTTP/1.1 |{H}|", 400, CLOSES),
        ("a tab in place of the first space", f"GET\t/ HTTP/1.1|{H}|", 400, CLOSES),
        ("a tab in place of the second space", f"GET /\tHTTP/1.1|{H}|", 400, CLOSES),
        ("a vertical tab in place of a space", f"GET /\x0bHTTP/1.1|{H}|", 400, CLOSES),
        ("no target", f"GET HTTP/1.1|{H}|", 400, CLOSES),
        ("no version, as in HTTP/0.9", "GET /||", 400, CLOSES),
        ("no version, with fields", f"GET /|{H}|", 400, CLOSES),
        ("a word too many", f"GET / x HTTP/1.1|{H}|", 400, CLOSES),
        ("an empty method", f" / HTTP/1.1|{H}|", 400, CLOSES),
        ("a bare LF at its end", "GET / HTTP/1.1\nHost: a||", 400, CLOSES),
        ("a bare CR at its end", "GET / HTTP/1.1\rHost: a||", 400, CLOSES),
        ("CR CR LF at its end", "GET / HTTP/1.1\r|Host: a||", 400, CLOSES),
        ("a NUL in the target", f"GET /\0 HTTP/1.1|{H}|", 400, CLOSES),
        ("a NUL in the method", f"G\0T / HTTP/1.1|{H}|", 400, CLOSES),
        ("a byte above 127 in the method", f"G\xc9T / HTTP/1.1|{H}|", 400, CLOSES),
        ("a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, CLOSES),
        ("a PROXY line that was not agreed on", f"PROXY TCP4 1.2.3.4 1.2.3.4 1 2|{GET}|", 400, CLOSES),
        ("a status line", "HTTP/1.1 200 OK||", 400, CLOSES),
        ("ten spaces", "          ||", 400, CLOSES),
        ("as long as it may be", f"GET /{{1010}} HTTP/1.1|{H}|", 200, LIVES),
        ("a byte too long", f"GET /{{1011}} HTTP/1.1|{H}|", 414, CLOSES),
        ("longer than a head may be", f"GET /{{5000}} HTTP/1.1|{H}|", 414, CLOSES),
        ("far too long, and without an end", "GET /{9000}", 414, CLOSES),
        ("far too long, of a method that nobody knows", f"BREW /{{9000}} HTTP/1.1|{H}|", 501, CLOSES),
        ("far too long, behind a good request", f"{GET}|GET /{{9000}}", (200, 414), CLOSES),
    ],
    "version (RFC 9112, 2.3)": [
        ("1.0 without Host", "GET / HTTP/1.0||", 200, CLOSES, "GET / "),
        ("1.0 that stays", "GET / HTTP/1.0|Connection: keep-alive||", 200, LIVES),
        ("0.9", f"GET / HTTP/0.9|{H}|", 400, CLOSES),
        ("1.2", f"GET / HTTP/1.2|{H}|", 400, CLOSES),
        ("2.0", f"GET / HTTP/2.0|{H}|", 400, CLOSES),
        ("3.0", f"GET / HTTP/3.0|{H}|", 400, CLOSES),
        ("of one digit", f"GET / HTTP/1|{H}|", 400, CLOSES),
        ("of two digits behind the point", f"GET / HTTP/1.10|{H}|", 400, CLOSES),
        ("with a zero before it", f"GET / HTTP/01.1|{H}|", 400, CLOSES),
        ("with a comma", f"GET / HTTP/1,1|{H}|", 400, CLOSES),
        ("in small letters", f"GET / http/1.1|{H}|", 400, CLOSES),
        ("of another protocol", f"GET / HTTX/1.1|{H}|", 400, CLOSES),
        ("without a slash", f"GET / HTTP1.1|{H}|", 400, CLOSES),
        ("that is none", f"GET / HTTP/x.y|{H}|", 400, CLOSES),
        ("of HTTP/2's greeting", "PRI * HTTP/2.0||SM||", 400, CLOSES),
        ("1.0 with chunks", "POST / HTTP/1.0|Transfer-Encoding: chunked||0||", 501, CLOSES),
        ("1.0 with Connection: close, keep-alive", "GET / HTTP/1.0|Connection: close, keep-alive||", 200, CLOSES),
    ],
    "method (RFC 9110, 9)": [
        ("HEAD, whose answer has no content", f"HEAD / HTTP/1.1|{H}|", 200, LIVES, "HEAD"),
        ("OPTIONS *", f"OPTIONS * HTTP/1.1|{H}|", 200, LIVES, "OPTIONS * "),
        ("M-SEARCH", f"M-SEARCH / HTTP/1.1|{H}|", 200, LIVES, "M-SEARCH / "),
        ("QUERY with a body", f"QUERY / HTTP/1.1|{H}Content-Length: 2||ab", 200, LIVES, "QUERY / ab"),
        ("DELETE with a body", f"DELETE / HTTP/1.1|{H}Content-Length: 2||ab", 200, LIVES, "DELETE / ab"),
        ("GET with a body", f"{GET}Content-Length: 2||ab", 200, LIVES, "GET / ab"),
        ("TRACE", f"TRACE / HTTP/1.1|{H}|", 200, LIVES, "TRACE / "),
        ("CONNECT", f"CONNECT a:443 HTTP/1.1|{H}|", 501, CLOSES),
        ("one that nobody knows", f"BREW / HTTP/1.1|{H}|", 501, CLOSES),
        ("in small letters, which is another", f"get / HTTP/1.1|{H}|", 501, CLOSES),
        ("that begins like a known one", f"GETS / HTTP/1.1|{H}|", 501, CLOSES),
        ("with a bracket", f"G[T / HTTP/1.1|{H}|", 400, CLOSES),
        ("with a colon", f"GET: / HTTP/1.1|{H}|", 400, CLOSES),
        ("of RTSP, over HTTP", f"DESCRIBE / HTTP/1.1|{H}|", 501, CLOSES),
    ],
    "target (RFC 9112, 3.2)": [
        ("absolute", f"GET http://b/p?q HTTP/1.1|{H}|", 200, LIVES, "GET /p "),
        ("absolute, in capitals", f"GET HTTP://b/p HTTP/1.1|{H}|", 200, LIVES, "GET /p "),
        ("absolute, without a path", f"GET http://b HTTP/1.1|{H}|", 200, LIVES, "GET / "),
        ("absolute, with a query and no path", f"GET http://b?q HTTP/1.1|{H}|", 200, LIVES, "GET / "),
        ("absolute, without a host", f"GET http:///p HTTP/1.1|{H}|", 400, CLOSES),
        ("absolute, with a user", f"GET http://u@b/ HTTP/1.1|{H}|", 400, CLOSES),
        ("absolute, with a port that is none", f"GET http://b:x/ HTTP/1.1|{H}|", 400, CLOSES),
        ("absolute, of another scheme", f"GET ftp://b/ HTTP/1.1|{H}|", 400, CLOSES),
        ("absolute, and no Host beside it", "GET http://b/ HTTP/1.1||", 400, CLOSES),
        ("a name without a slash", f"GET moon HTTP/1.1|{H}|", 400, CLOSES),
        ("an authority, not of CONNECT", f"GET a:80 HTTP/1.1|{H}|", 400, CLOSES),
        ("a query alone", f"GET ?q HTTP/1.1|{H}|", 400, CLOSES),
        ("a star and more", f"GET *x HTTP/1.1|{H}|", 400, CLOSES),
        ("a fragment", f"GET /a#b HTTP/1.1|{H}|", 400, CLOSES),
        ("a byte above 127", f"GET /\xe9 HTTP/1.1|{H}|", 400, CLOSES),
        ("a DEL", f"GET /\x7f HTTP/1.1|{H}|", 400, CLOSES),
        ("an escape of the terminal", f"GET /\x1b[2J HTTP/1.1|{H}|", 400, CLOSES),
        ("%00", f"GET /a%00b HTTP/1.1|{H}|", 400, CLOSES),
        ("%0d%0a, which is data", f"GET /a%0d%0ab HTTP/1.1|{H}|", 200, LIVES),
        ("a percent sign alone, which stands for itself", f"GET /100% HTTP/1.1|{H}|", 200, LIVES, "GET /100% "),
        ("dots, which are the worker's to see", f"GET /../../x HTTP/1.1|{H}|", 200, LIVES, "GET /../../x "),
        ("two slashes", f"GET //b/x HTTP/1.1|{H}|", 200, LIVES, "GET //b/x "),
        ("a backslash", f"GET /a\\b HTTP/1.1|{H}|", 200, LIVES, "GET /a\\b "),
    ],
    "Host (RFC 9112, 3.2; RFC 9110, 7.2)": [
        ("none", "GET / HTTP/1.1||", 400, CLOSES),
        ("twice", f"GET / HTTP/1.1|{H}{H}|", 400, CLOSES),
        ("twice, with two values", "GET / HTTP/1.1|Host: a|Host: b||", 400, CLOSES),
        ("twice, in other letters", "GET / HTTP/1.1|Host: a|hOST: a||", 400, CLOSES),
        ("empty", "GET / HTTP/1.1|Host:||", 200, LIVES),
        ("with spaces around it", "GET / HTTP/1.1|Host:   a  ||", 200, LIVES),
        ("with tabs around it", "GET / HTTP/1.1|Host:\ta\t||", 200, LIVES),
        ("with a space in it", "GET / HTTP/1.1|Host: a b||", 400, CLOSES),
        ("a list", "GET / HTTP/1.1|Host: a, b||", 400, CLOSES),
        ("with a path", "GET / HTTP/1.1|Host: a/b||", 400, CLOSES),
        ("a URL", "GET / HTTP/1.1|Host: http://a||", 400, CLOSES),
        ("with a user", "GET / HTTP/1.1|Host: u@a||", 400, CLOSES),
        ("with a port", "GET / HTTP/1.1|Host: a:8080||", 200, LIVES),
        ("with a port that is none", "GET / HTTP/1.1|Host: a:80x||", 400, CLOSES),
        ("an IPv6 address", "GET / HTTP/1.1|Host: [::1]:80||", 200, LIVES),
        ("an IPv6 address without its end", "GET / HTTP/1.1|Host: [::1||", 400, CLOSES),
        ("with an angle bracket", "GET / HTTP/1.1|Host: <script>||", 400, CLOSES),
        ("with a byte above 127", "GET / HTTP/1.1|Host: \xe9||", 400, CLOSES),
        ("with a NUL", "GET / HTTP/1.1|Host: a\0b||", 400, CLOSES),
        ("on a line that goes on", "GET / HTTP/1.1|Host: a| b||", 400, CLOSES),
    ],
    "fields (RFC 9112, 5)": [
        ("a value that is empty", f"{GET}X:||", 200, LIVES),
        ("a value with a tab in it", f"{GET}X: a\tb||", 200, LIVES),
        ("a value with bytes above 127", f"{GET}X: \xe9\xff||", 200, LIVES),
        ("all that a name may hold", f"{GET}!#$%&'*+-.^_`~09Az: x||", 200, LIVES),
        ("a space before the colon", f"{GET}X : a||", 400, CLOSES),
        ("a tab before the colon", f"{GET}X\t: a||", 400, CLOSES),
        ("a space in the name", f"{GET}X y: a||", 400, CLOSES),
        ("no colon", f"{GET}Xy||", 400, CLOSES),
        ("no name", f"{GET}: a||", 400, CLOSES),
        ("a name with a byte above 127", f"{GET}X\xe9: a||", 400, CLOSES),
        ("a name with a NUL", f"{GET}X\0: a||", 400, CLOSES),
        ("a name with brackets", f"{GET}X[]: a||", 400, CLOSES),
        ("a name with a parenthesis", f"{GET}X(: a||", 400, CLOSES),
        ("a name in quotes", f'{GET}"X": a||', 400, CLOSES),
        ("a value with a NUL", f"{GET}X: a\0b||", 400, CLOSES),
        ("a value with a bell", f"{GET}X: a\x07b||", 400, CLOSES),
        ("a value with a DEL", f"{GET}X: a\x7fb||", 400, CLOSES),
        ("a value with a bare CR", f"{GET}X: a\rb||", 400, CLOSES),
        ("a value with a bare CR and a field behind it", f"{GET}X: a\rContent-Length: 5||", 400, CLOSES),
        ("a bare LF at the end", f"{GET}X: a\nY: b||", 400, CLOSES),
        ("a bare LF at the end of the head", f"{GET}X: a|\n", 400, CLOSES),
        ("CR CR LF at the end", f"{GET}X: a\r|Y: b||", 400, CLOSES),
        ("a line that goes on (obs-fold)", f"{GET}X: a| b||", 400, CLOSES),
        ("a line that goes on behind a tab", f"{GET}X: a|\tb||", 400, CLOSES),
        ("a line that goes on, before all fields", f"GET / HTTP/1.1| X: a|{H}|", 400, CLOSES),
        ("as many as there may be", GET + "X: a|" * 19 + "|", 200, LIVES),
        ("one too many", GET + "X: a|" * 20 + "|", 431, CLOSES),
        ("a value that is too long", f"{GET}X: {{5000}}||", 431, CLOSES),
        ("a name that is too long", f"{GET}{{5000}}: a||", 431, CLOSES),
        ("too much in all", GET + "X: {1000}|" * 6 + "|", 431, CLOSES),
        ("too much, and no end", GET + "X: {9000}", 431, CLOSES),
    ],
    "Content-Length (RFC 9112, 6.2 and 6.3)": [
        ("in order", f"{POST}Content-Length: 5||hello", 200, LIVES, "POST / hello"),
        ("with spaces around it", f"{POST}Content-Length:   5  ||hello", 200, LIVES, "POST / hello"),
        ("0", f"{POST}Content-Length: 0||", 200, LIVES, "POST / "),
        ("with zeros before it", f"{POST}Content-Length: 0005||hello", 200, LIVES, "POST / hello"),
        ("twice", f"{POST}Content-Length: 5|Content-Length: 5||hello", 400, CLOSES),
        ("twice, with two values", f"{POST}Content-Length: 5|Content-Length: 6||hello", 400, CLOSES),
        ("twice, in other letters", f"{POST}Content-Length: 5|content-length: 6||hello", 400, CLOSES),
        ("a list of the same", f"{POST}Content-Length: 5, 5||hello", 400, CLOSES),
        ("a list", f"{POST}Content-Length: 5, 6||hello", 400, CLOSES),
        ("empty", f"{POST}Content-Length:||", 400, CLOSES),
        ("negative", f"{POST}Content-Length: -5||hello", 400, CLOSES),
        ("with a plus", f"{POST}Content-Length: +5||hello", 400, CLOSES),
        ("in hexadecimal", f"{POST}Content-Length: 0x5||hello", 400, CLOSES),
        ("with a letter behind it", f"{POST}Content-Length: 5a||hello", 400, CLOSES),
        ("with a space in it", f"{POST}Content-Length: 1 0||helloworld", 400, CLOSES),
        ("with a point", f"{POST}Content-Length: 5.0||hello", 400, CLOSES),
        ("with an exponent", f"{POST}Content-Length: 1e1||helloworld", 400, CLOSES),
        ("with an underscore", f"{POST}Content-Length: 1_0||helloworld", 400, CLOSES),
        ("in quotes", f'{POST}Content-Length: "5"||hello', 400, CLOSES),
        ("in other digits", f"{POST}Content-Length: \xd9\xa5||hello", 400, CLOSES),
        ("with a NUL", f"{POST}Content-Length: 5\0||hello", 400, CLOSES),
        ("a byte more than a body may have", f"{POST}Content-Length: 1025||", 413, CLOSES),
        ("2^63", f"{POST}Content-Length: 9223372036854775808||", 413, CLOSES),
        ("2^64 - 1", f"{POST}Content-Length: 18446744073709551615||", 413, CLOSES),
        ("2^64 + 5", f"{POST}Content-Length: 18446744073709551621||hello", 400, CLOSES),
        ("of HTTP/1.0", "POST / HTTP/1.0|Content-Length: 5||hello", 200, CLOSES, "POST / hello"),
        ("as large as a body may be", f"{POST}Content-Length: 1024||{{1024}}", 200, LIVES),
        ("a space before its colon", f"{POST}Content-Length : 5||hello", 400, CLOSES),
        ("under a name with an underscore, which is another", f"{POST}Content_Length: 5||", 200, LIVES, "POST / "),
    ],
    "Transfer-Encoding (RFC 9112, 6.1 and 6.3)": [
        ("in order", f"{CHUNKED}5|hello|0||", 200, LIVES, "POST / hello"),
        ("in capitals", f"{POST}Transfer-Encoding: CHUNKED||5|hello|0||", 200, LIVES, "POST / hello"),
        ("with Content-Length behind it", f"{POST}Transfer-Encoding: chunked|Content-Length: 5||0||", 400, CLOSES),
        ("with Content-Length before it", f"{POST}Content-Length: 5|Transfer-Encoding: chunked||0||", 400, CLOSES),
        ("with Content-Length: 0", f"{POST}Content-Length: 0|Transfer-Encoding: chunked||0||", 400, CLOSES),
        ("identity and Content-Length", f"{POST}Transfer-Encoding: identity|Content-Length: 5||hello", 400, CLOSES),
        ("twice", f"{POST}Transfer-Encoding: chunked|Transfer-Encoding: chunked||0||", 400, CLOSES),
        ("chunked, chunked", f"{POST}Transfer-Encoding: chunked, chunked||0||", 400, CLOSES),
        ("gzip, chunked", f"{POST}Transfer-Encoding: gzip, chunked||0||", 501, CLOSES),
        ("gzip", f"{POST}Transfer-Encoding: gzip||", 501, CLOSES),
        ("chunked, gzip", f"{POST}Transfer-Encoding: chunked, gzip||0||", 400, CLOSES),
        ("identity", f"{POST}Transfer-Encoding: identity||", 501, CLOSES),
        ("empty", f"{POST}Transfer-Encoding:||0||", 501, CLOSES),
        ("xchunked", f"{POST}Transfer-Encoding: xchunked||0||", 501, CLOSES),
        ("chunked with something behind it", f"{POST}Transfer-Encoding: chunkedx||0||", 501, CLOSES),
        ("with a parameter", f"{POST}Transfer-Encoding: chunked;q=1||0||", 501, CLOSES),
        ("in quotes", f'{POST}Transfer-Encoding: "chunked"||0||', 501, CLOSES),
        ("behind a vertical tab", f"{POST}Transfer-Encoding: \x0bchunked||0||", 400, CLOSES),
        ("behind a tab", f"{POST}Transfer-Encoding:\tchunked||5|hello|0||", 200, LIVES, "POST / hello"),
        ("with a bell", f"{POST}Transfer-Encoding: chunked\x07||0||", 400, CLOSES),
        ("a space before its colon", f"{POST}Transfer-Encoding : chunked||0||", 400, CLOSES),
        ("on a line that goes on", f"{POST}Transfer-Encoding:| chunked||0||", 400, CLOSES),
        ("of GET", f"{GET}Transfer-Encoding: chunked||2|ab|0||", 200, LIVES, "GET / ab"),
        ("in a name with a NUL", f"{POST}Transfer-Encoding\0: chunked||0||", 400, CLOSES),
    ],
    "chunks (RFC 9112, 7.1)": [
        ("of two", f"{CHUNKED}2|he|3|llo|0||", 200, LIVES, "POST / hello"),
        ("with a size in capitals", f"{CHUNKED}A|helloworld|0||", 200, LIVES, "POST / helloworld"),
        ("with zeros before the size", f"{CHUNKED}0005|hello|000||", 200, LIVES, "POST / hello"),
        ("with an extension", f"{CHUNKED}5;a=b|hello|0||", 200, LIVES, "POST / hello"),
        ("with an extension in quotes", f'{CHUNKED}5;a="b c"|hello|0||', 200, LIVES, "POST / hello"),
        ("with a trailer, which is dropped", f"{CHUNKED}5|hello|0|X: y||", 200, LIVES, "POST / hello"),
        ("an empty size", f"{CHUNKED}|hello|0||", 400, CLOSES),
        ("a size that is none", f"{CHUNKED}xyz|hello|0||", 400, CLOSES),
        ("a size in hexadecimal with 0x", f"{CHUNKED}0x5|hello|0||", 400, CLOSES),
        ("a negative size", f"{CHUNKED}-5|hello|0||", 400, CLOSES),
        ("a size with a plus", f"{CHUNKED}+5|hello|0||", 400, CLOSES),
        ("a size with a space before it", f"{CHUNKED} 5|hello|0||", 400, CLOSES),
        ("a size with a space behind it", f"{CHUNKED}5 |hello|0||", 400, CLOSES),
        ("a size with an underscore", f"{CHUNKED}1_0|hello|0||", 400, CLOSES),
        ("a size of 2^64", f"{CHUNKED}10000000000000000|hello", 400, CLOSES),
        ("a size of 17 digits", f"{CHUNKED}fffffffffffffffff|hello", 400, CLOSES),
        ("a size with a bare LF", f"{CHUNKED}5\nhello|0||", 400, CLOSES),
        ("a size with a bare CR", f"{CHUNKED}5\rhello|0||", 400, CLOSES),
        ("longer than said", f"{CHUNKED}3|hello|0||", 400, CLOSES),
        ("shorter than said", f"{CHUNKED}7|hello|0||", 400, CLOSES),
        ("with a bare LF behind the bytes", f"{CHUNKED}5|hello\n0||", 400, CLOSES),
        ("with nothing behind the bytes", f"{CHUNKED}5|hello0||", 400, CLOSES),
        ("an extension with a NUL", f"{CHUNKED}5;a=\0|hello|0||", 400, CLOSES),
        ("an extension with a bare LF", f"{CHUNKED}5;a\nhello|0||", 400, CLOSES),
        ("an extension with a bare CR", f"{CHUNKED}5;a\rb|hello|0||", 400, CLOSES),
        ("a trailer with a bare LF", f"{CHUNKED}5|hello|0|X: y\n|", 400, CLOSES),
        ("a trailer without a colon", f"{CHUNKED}5|hello|0|Xy||", 400, CLOSES),
        ("a trailer that goes on", f"{CHUNKED}5|hello|0|X: y| z||", 400, CLOSES),
        ("a trailer with a NUL", f"{CHUNKED}5|hello|0|X: \0||", 400, CLOSES),
        ("a trailer that is a Content-Length", f"{CHUNKED}5|hello|0|Content-Length: 3||", 400, CLOSES),
        ("trailers that are too long", f"{CHUNKED}0|" + "X: {1000}|" * 6 + "|", 431, CLOSES),
        ("too many trailers", f"{CHUNKED}0|" + "X: y|" * 30 + "|", 431, CLOSES),
        ("a byte too much in all", f"{CHUNKED}401|{{1025}}|0||", 413, CLOSES),
        ("little by little too much", CHUNKED + "100|{256}|" * 5 + "0||", 413, CLOSES),
    ],
    "Connection, Expect, Upgrade": [
        ("close", f"{GET}Connection: close||", 200, CLOSES),
        ("close in capitals", f"{GET}Connection: CLOSE||", 200, CLOSES),
        ("close in a list", f"{GET}Connection: x, close||", 200, CLOSES),
        ("close and keep-alive", f"{GET}Connection: close, keep-alive||", 200, CLOSES),
        ("close in a field of its own", f"{GET}Connection: keep-alive|Connection: close||", 200, CLOSES),
        ("names Host, which stays", f"{GET}Connection: Host||", 200, LIVES),
        ("names Content-Length", f"{POST}Connection: Content-Length|Content-Length: 2||ab", 200, LIVES, "POST / ab"),
        ("expects what nobody knows", f"{POST}Expect: x|Content-Length: 2||ab", 200, LIVES, "POST / ab"),
        ("waits to send", f"{POST}Expect: 100-continue|Content-Length: 0||", (100, 200), LIVES),
        ("waits to send too much", f"{POST}Expect: 100-continue|Content-Length: 2000||", 413, CLOSES),
        ("an upgrade that is passed over", f"{GET}Connection: upgrade|Upgrade: h2c||", 200, CLOSES),
        ("a WebSocket without its fields", f"{GET}Connection: upgrade|Upgrade: websocket||", 426, CLOSES),
        ("a WebSocket by POST", f"{POST}Connection: upgrade|Upgrade: websocket||", 405, CLOSES),
    ],
    "one behind the other (RFC 9112, 9.3.2)": [
        ("two", f"{GET}|GET /b HTTP/1.1|{H}|", (200, 200), LIVES, "GET /b "),
        ("twenty", f"{GET}|" * 20, (200,) * 20, LIVES),
        ("with a body", f"{POST}Content-Length: 2||ab{GET}|", (200, 200), LIVES),
        ("with an empty line between", f"{GET}||{GET}|", (200, 200), LIVES),
        ("behind one that closes", f"{GET}Connection: close||{GET}|", 200, CLOSES),
        ("behind a bad one", f"GET / HTTP/1.1 |{H}|{GET}|", 400, CLOSES),
        ("a bad one behind", f"{GET}|GET / HTTP/1.1 |{H}|", (200, 400), CLOSES),
        ("noise behind", f"{GET}|\x00\x01\x02", (200, 400), CLOSES),
        ("a body longer than said", f"{POST}Content-Length: 2||abcGET / HTTP/1.1|{H}|", (200, 501), CLOSES),
        ("a body shorter than said", f"{POST}Content-Length: 4||ab{GET}|", (200, 501), CLOSES),
    ],
    "the end of the client's side (RFC 9112, 8 and 9.6)": [
        ("behind a request", f"{GET}|", 200, CLOSES, "GET / "),
        ("behind two", f"{GET}|GET /b HTTP/1.1|{H}|", (200, 200), CLOSES, "GET /b "),
        ("behind twenty", f"{GET}|" * 20, (200,) * 20, CLOSES),
        ("behind a body", f"{POST}Content-Length: 2||ab", 200, CLOSES, "POST / ab"),
        ("behind chunks", f"{CHUNKED}2|ab|0||", 200, CLOSES, "POST / ab"),
        ("behind a request of HTTP/1.0", "GET / HTTP/1.0||", 200, CLOSES),
        ("behind nothing", "", (), CLOSES),
        ("behind an empty line", "|", (), CLOSES),
        ("in the method", "GE", 400, CLOSES),
        ("in the target", "GET /a", 400, CLOSES),
        ("in the version", "GET / HTTP/1", 400, CLOSES),
        ("in a name", f"{GET}X", 400, CLOSES),
        ("in a value", f"{GET}X: y", 400, CLOSES),
        ("before the empty line", f"{GET}", 400, CLOSES),
        ("before the body", f"{POST}Content-Length: 5||", 400, CLOSES),
        ("in the body", f"{POST}Content-Length: 5||hel", 400, CLOSES),
        ("in the size of a chunk", f"{CHUNKED}5", 400, CLOSES),
        ("in a chunk", f"{CHUNKED}5|hel", 400, CLOSES),
        ("before the last chunk", f"{CHUNKED}5|hello|", 400, CLOSES),
        ("in the trailers", f"{CHUNKED}0|X: y|", 400, CLOSES),
        ("in the second of two", f"{GET}|GET /b HT", (200, 400), CLOSES),
    ],
}


def cases() -> list[Case]:
    found = []
    for section, rows in TABLE.items():
        ends = section.startswith("the end")
        for name, request, status, lives, *seen in rows:
            answers = status if isinstance(status, tuple) else (status,)
            found.append(Case(section, name, wire(request), answers, lives, "".join(seen), ends))
    return found
