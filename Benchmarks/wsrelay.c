/*
 * wsrelay - the least that a WebSocket server can do: one thread, no limits, no broker, no workers.
 *
 *   wsrelay WEBSOCKET-PORT WIRE-PORT
 *
 * /echo gets each message back; every other path is in the one group there is. On the wire port `GSEND :SIZE GROUP`
 * with a MessagePack map {"text": …} goes to that group. What it reaches is the practical limit of one thread, and
 * shows that the client is not the bottleneck.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "stream.h"
#include "websocket.h"

struct peer {
	struct stream stream;
	struct ws_reader reader;
	bool is_member;
	size_t place;	/* in `members` */
};

enum { PEERS_MAX = 65536, UNSENT_MAX = 1 << 20 };
static struct peer *members[PEERS_MAX];
static size_t member_count;

static void ended(struct stream *stream, const char *why)
{
	struct peer *peer = (struct peer *)stream;
	(void)why;
	if (!peer->is_member) return;
	peer->is_member = false;
	members[peer->place] = members[--member_count];
	members[peer->place]->place = peer->place;
}

static void hang_up(struct peer *peer)
{
	stream_close(&peer->stream);
	ended(&peer->stream, "");
}

/* -------------------------------------------------------------- WebSockets */

static void put_frame(struct peer *peer, int opcode, const char *p, size_t n)
{
	char head[WS_HEAD_MAX];
	stream_put(&peer->stream, head, ws_put_head(head, opcode, n, NULL));
	stream_put(&peer->stream, p, n);
}

static size_t parse_frame(struct stream *stream, char *p, size_t n)
{
	struct peer *peer = (struct peer *)stream;
	struct ws_message m;
	const char *why;
	long used = ws_read(&peer->reader, p, n, &m, &why);
	if (used < 0) hang_up(peer);
	if (used <= 0) return 0;
	if (m.opcode == WS_PING) put_frame(peer, WS_PONG, m.p, m.n);
	else if (m.opcode == WS_CLOSE) {
		put_frame(peer, WS_CLOSE, m.p, m.n);
		stream_flush(stream);
		hang_up(peer);
	} else if (m.opcode > 0 && m.opcode != WS_PONG && !peer->is_member) put_frame(peer, m.opcode, m.p, m.n);
	return (size_t)used;
}

static size_t parse_upgrade(struct stream *stream, char *p, size_t n)
{
	struct peer *peer = (struct peer *)stream;
	char accept[WS_ACCEPT_SIZE], key[WS_KEY_SIZE], answer[200];
	const char *end = memmem(p, n, "\r\n\r\n", 4), *field;
	size_t field_size;
	if (!end) return 0;
	size_t size = (size_t)(end - p) + 4;
	field = ws_field(p, size, "Sec-WebSocket-Key", &field_size);
	if (!field || field_size != WS_KEY_SIZE - 1) {
		hang_up(peer);
		return 0;
	}
	memcpy(key, field, field_size);
	key[field_size] = 0;
	ws_accept_for(key, accept);
	int length = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
	stream_put(stream, answer, (size_t)length);
	stream->parse = parse_frame;
	if (n < 10 || strncmp(p, "GET /echo ", 10)) {
		peer->is_member = true;
		peer->place = member_count;
		members[member_count++] = peer;
	}
	return size;
}

/* ---------------------------------------------------------------- the wire */

/* Sends one frame to all members; returns how many had room. */
static size_t fan_out(const char *text, size_t n)
{
	char head[WS_HEAD_MAX];
	size_t head_size = ws_put_head(head, WS_TEXT, n, NULL), sent = 0;
	for (size_t i = 0; i < member_count; i++) {
		struct peer *peer = members[i];
		if (peer->stream.out.size > UNSENT_MAX) continue;
		stream_put(&peer->stream, head, head_size);
		stream_put(&peer->stream, text, n);
		sent++;
	}
	return sent;
}

static size_t parse_line(struct stream *stream, char *p, size_t n)
{
	char answer[100];
	const char *end = memchr(p, '\n', n);
	int length = 0;
	size_t line = end ? (size_t)(end - p) + 1 : 0, body = 0;
	if (!end) return 0;
	if (!strncmp(p, "HELLO ", 6)) length = snprintf(answer, sizeof answer, "HELLO 1 id=1 epoch=1\n");
	else if (!strncmp(p, "GSEND :", 7)) {
		body = strtoul(p + 7, NULL, 10) + 1;
		if (n < line + body) return 0;
		/* {"text": …} with a length of one byte or two. */
		size_t head = p[line + 6] == (char)0xd9 ? 8 : 9, members_before = member_count;
		if (body <= head) fail(1, "an odd body");
		size_t sent = fan_out(p + line + head, body - 1 - head);
		length = snprintf(answer, sizeof answer, "OK sent=%zu full=%zu gone=0\n", sent, members_before - sent);
	} else length = snprintf(answer, sizeof answer, "ERR unknown\n");
	stream_put(stream, answer, (size_t)length);
	return line + body;
}

/* -------------------------------------------------------------------- main */

static void welcome(int fd, size_t (*parse)(struct stream *, char *, size_t))
{
	struct peer *peer = calloc(1, sizeof *peer);	/* kept for ever: the relay lives for one measurement */
	if (!peer) fail(1, "out of memory");
	peer->reader.wants_masks = true;
	peer->stream.parse = parse;
	peer->stream.ended = ended;
	stream_adopt(&peer->stream, fd);
}

static void welcome_socket(int fd) { welcome(fd, parse_upgrade); }
static void welcome_wire(int fd) { welcome(fd, parse_line); }

int main(int argc, char **argv)
{
	int ports[2] = { argc == 3 ? atoi(argv[1]) : 0, argc == 3 ? atoi(argv[2]) : 0 };
	if (ports[0] <= 0 || ports[1] <= 0) fail(64, "usage: wsrelay WEBSOCKET-PORT WIRE-PORT");
	raise_file_limit(1024);
	streams_listen(ports[0], welcome_socket);
	streams_listen(ports[1], welcome_wire);
	for (;;) streams_turn(1000000000);
}
