#include "websocket.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

uint64_t ws_random(void)
{
	static uint64_t state;
	if (!state) {
		struct timespec t;
		clock_gettime(CLOCK_REALTIME, &t);
		state = (uint64_t)t.tv_nsec << 20 ^ (uint64_t)t.tv_sec ^ 0x9e3779b97f4a7c15u;
	}
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* --------------------------------------------------- the key and its answer */

static uint32_t rotate(uint32_t v, int by) { return v << by | v >> (32 - by); }

static void sha1_block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f, k;
		if (i < 20) { f = (b & c) | (~b & d); k = 0x5a827999; }
		else if (i < 40) { f = b ^ c ^ d; k = 0x6ed9eba1; }
		else if (i < 60) { f = (b & c) | (b & d) | (c & d); k = 0x8f1bbcdc; }
		else { f = b ^ c ^ d; k = 0xca62c1d6; }
		uint32_t t = rotate(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* SHA-1 of less than 120 bytes: two blocks. */
static void sha1(const char *text, size_t n, uint8_t digest[20])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t block[128] = { 0 };
	size_t size = n < 56 ? 64 : 128;
	memcpy(block, text, n);
	block[n] = 0x80;
	block[size - 2] = (uint8_t)(n * 8 >> 8);
	block[size - 1] = (uint8_t)(n * 8);
	for (size_t i = 0; i < size; i += 64) sha1_block(h, block + i);
	for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*out = 0;
}

void ws_make_key(char key[WS_KEY_SIZE])
{
	uint64_t random[2] = { ws_random(), ws_random() };
	base64((const uint8_t *)random, 16, key);
}

void ws_accept_for(const char *key, char accept[WS_ACCEPT_SIZE])
{
	char text[100];
	uint8_t digest[20];
	int n = snprintf(text, sizeof text, "%.40s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	sha1(text, (size_t)n, digest);
	base64(digest, 20, accept);
}

/* -------------------------------------------------------------- handshakes */

const char *ws_field(const char *head, size_t head_size, const char *name, size_t *n)
{
	size_t name_size = strlen(name);
	const char *end = head + head_size, *line = memchr(head, '\n', head_size);
	while (line && ++line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		const char *stop = next ? next : end, *p = line + name_size;
		if (p < stop && *p == ':' && !strncasecmp(line, name, name_size)) {
			for (p++; p < stop && isspace((unsigned char)*p); ) p++;
			while (stop > p && isspace((unsigned char)stop[-1])) stop--;
			*n = (size_t)(stop - p);
			return p;
		}
		line = next;
	}
	return NULL;
}

/* Whether a field is a list that has this token in it; case does not matter. */
static bool has_token(const char *head, size_t head_size, const char *name, const char *token)
{
	size_t n, token_size = strlen(token);
	const char *p = ws_field(head, head_size, name, &n);
	for (size_t i = 0; p && i + token_size <= n; i++) {
		bool begins = i == 0 || p[i - 1] == ',' || p[i - 1] == ' ';
		bool ends = i + token_size == n || p[i + token_size] == ',' || p[i + token_size] == ' ';
		if (begins && ends && !strncasecmp(p + i, token, token_size)) return true;
	}
	return false;
}

long ws_check_answer(const char *p, size_t n, const char *accept, char *why, size_t why_size)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4), *field;
	size_t size = end ? (size_t)(end - p) + 4 : 0, field_size;
	if (!end && n < 16384) return 0;
	const char *fault = NULL;
	if (!end) fault = "its head is longer than 16 KiB";
	else if (n < 12 || strncmp(p, "HTTP/1.1 101", 12)) {
		snprintf(why, why_size, "%.*s", (int)strcspn(p, "\r\n"), p);
		return -1;
	} else if (!has_token(p, size, "Upgrade", "websocket")) fault = "no `Upgrade: websocket`";
	else if (!has_token(p, size, "Connection", "upgrade")) fault = "no `Connection: Upgrade`";
	else if (!(field = ws_field(p, size, "Sec-WebSocket-Accept", &field_size))
		 || field_size != strlen(accept) || memcmp(field, accept, field_size)) fault = "wrong Sec-WebSocket-Accept";
	else if (ws_field(p, size, "Sec-WebSocket-Extensions", &field_size)) fault = "an extension that was not offered";
	else if (ws_field(p, size, "Sec-WebSocket-Protocol", &field_size)) fault = "a subprotocol that was not offered";
	if (!fault) return (long)size;
	snprintf(why, why_size, "%s", fault);
	return -1;
}

/* ------------------------------------------------------------------ frames */

size_t ws_put_head(char out[WS_HEAD_MAX], int opcode, size_t n, const uint8_t *mask)
{
	size_t at = 2;
	out[0] = (char)(0x80 | opcode);
	if (n < 126) out[1] = (char)n;
	else {
		int bytes = n < 65536 ? 2 : 8;
		out[1] = bytes == 2 ? 126 : 127;
		for (int i = bytes - 1; i >= 0; i--) out[at++] = (char)((uint64_t)n >> (8 * i));
	}
	if (mask) {
		out[1] = (char)(out[1] | 0x80);
		memcpy(out + at, mask, 4);
		at += 4;
	}
	return at;
}

void ws_mask(char *p, size_t n, const uint8_t mask[4])
{
	for (size_t i = 0; i < n; i++) p[i] = (char)(p[i] ^ mask[i % 4]);
}

/* Adds a piece to the message under way, or begins it; gives the whole message with its last piece. */
static const char *take_piece(struct ws_reader *r, int opcode, bool final, const char *p, size_t n, struct ws_message *m)
{
	if (opcode == WS_CONTINUATION && !r->opcode) return "a continuation without a beginning";
	if (opcode != WS_CONTINUATION && r->opcode) return "a new message inside a fragmented one";
	if (opcode != WS_CONTINUATION && final) {
		*m = (struct ws_message){ opcode, p, n };
		return NULL;
	}
	if (opcode != WS_CONTINUATION) {
		r->opcode = opcode;
		r->part_size = 0;
	}
	if (r->part_size + n > WS_MESSAGE_MAX) return "a message of more than 1 MiB";
	if (!r->part && !(r->part = malloc(WS_MESSAGE_MAX))) return "no memory for a fragmented message";
	memcpy(r->part + r->part_size, p, n);
	r->part_size += n;
	*m = (struct ws_message){ final ? r->opcode : -1, r->part, r->part_size };
	if (final) r->opcode = 0;
	return NULL;
}

/* Reads the extended length of a head; false when it is not in its shortest form. */
static bool read_length(const uint8_t *p, int bytes, uint64_t *size)
{
	*size = 0;
	for (int i = 0; i < bytes; i++) *size = *size << 8 | p[i];
	return *size >= (bytes == 2 ? 126u : 65536u) && *size >> 63 == 0;
}

long ws_read(struct ws_reader *r, char *p, size_t n, struct ws_message *m, const char **why)
{
	const uint8_t *b = (const uint8_t *)p;
	if (n < 2) return 0;
	bool final = b[0] & 0x80, masked = b[1] & 0x80;
	int opcode = b[0] & 0x0f, extra = (b[1] & 0x7f) == 126 ? 2 : (b[1] & 0x7f) == 127 ? 8 : 0;
	uint64_t size = b[1] & 0x7f;
	size_t head = 2 + (size_t)extra + (masked ? 4 : 0);
	*why = NULL;
	if (b[0] & 0x70) *why = "a reserved bit is set";
	else if (masked != r->wants_masks) *why = masked ? "a masked frame from a server" : "a frame without mask from a client";
	else if ((opcode > WS_BINARY && opcode < WS_CLOSE) || opcode > WS_PONG) *why = "a reserved opcode";
	else if (opcode >= WS_CLOSE && (!final || size > WS_CONTROL_MAX)) *why = "a control frame that is cut or too long";
	if (*why) return -1;
	if (n < head) return 0;
	if (extra && !read_length(b + 2, extra, &size)) *why = "a length that is not in its shortest form";
	else if (size > WS_MESSAGE_MAX) *why = "a frame of more than 1 MiB";
	if (*why) return -1;
	if (n < head + size) return 0;
	if (masked) ws_mask(p + head, size, b + head - 4);
	if (opcode >= WS_CLOSE) *m = (struct ws_message){ opcode, p + head, size };
	else if ((*why = take_piece(r, opcode, final, p + head, size, m))) return -1;
	return (long)(head + size);
}

int ws_close_code(const struct ws_message *m)
{
	if (m->n == 0) return 1005;
	if (m->n == 1) return -1;
	int code = (uint8_t)m->p[0] << 8 | (uint8_t)m->p[1];
	bool known = (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006);
	return known || (code >= 3000 && code <= 4999) ? code : -1;
}
