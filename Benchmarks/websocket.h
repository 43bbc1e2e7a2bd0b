/*
 * RFC 6455 without sockets: bytes in, frames out; both ends.
 *
 * A peer that breaks a rule is named with what it broke; nothing is repaired. Payloads of text are not checked for
 * UTF-8: both programs that use this compare them with what was sent.
 */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };
enum { WS_HEAD_MAX = 14, WS_CONTROL_MAX = 125, WS_MESSAGE_MAX = 1 << 20, WS_ACCEPT_SIZE = 29, WS_KEY_SIZE = 25 };

/* Random numbers for keys and masks: xorshift, seeded by the clock. Unpredictable enough for a load on loopback. */
uint64_t ws_random(void);

/* A new Sec-WebSocket-Key and the Sec-WebSocket-Accept that belongs to a key, each with a zero behind it. */
void ws_make_key(char key[WS_KEY_SIZE]);
void ws_accept_for(const char *key, char accept[WS_ACCEPT_SIZE]);

/*
 * Looks at the beginning of a server's answer to an upgrade that offered neither extensions nor subprotocols.
 * Returns the length of its head, 0 when that is not complete, -1 when the answer is no 101 in order; `why` says so.
 */
long ws_check_answer(const char *p, size_t n, const char *accept, char *why, size_t why_size);

/* The value of a field of a head, without the white space around it; NULL when it is not there. `n` gets its length. */
const char *ws_field(const char *head, size_t head_size, const char *name, size_t *n);

/* Writes the head of a final frame with n bytes of payload, masked when `mask` is given. Returns the head's length. */
size_t ws_put_head(char out[WS_HEAD_MAX], int opcode, size_t n, const uint8_t *mask);

void ws_mask(char *p, size_t n, const uint8_t mask[4]);

/* What was read: a whole message, a control frame, or (opcode −1) a piece of a message that goes on. */
struct ws_message { int opcode; const char *p; size_t n; };

struct ws_reader {
	bool wants_masks;	/* the reader is a server */
	int opcode;		/* of the message whose pieces are in `part`; 0 when there is none */
	char *part;
	size_t part_size;
};

/*
 * Reads one frame from the n bytes at p, which it may change. Returns its length, 0 when it is not complete, -1 when
 * it breaks a rule, which `why` then names. A message points into p or into the reader, until the next call.
 */
long ws_read(struct ws_reader *r, char *p, size_t n, struct ws_message *m, const char **why);

/* The code of a close frame, 1005 when it has none; -1 when code or length are none that may be sent. */
int ws_close_code(const struct ws_message *m);

#endif
