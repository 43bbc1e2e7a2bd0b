/*
 * Puts messages into a group, in the words of Seaway's wire: `GSEND :SIZE GROUP`, answered by `OK sent= full= gone=`.
 * A broker answers it, or a door that speaks as much of it and hands on to another layer (peers/door.py).
 */
#ifndef PUBLISHER_H
#define PUBLISHER_H

#include "sockets.h"

struct publisher {
	struct stream stream;
	bool ready;
	const char *group;
	/* GSENDs and their answers; deliveries that were refused for want of room. */
	uint64_t asked, answered, full;
};
extern struct publisher publisher;

/* Connects, says HELLO and waits for the answer. */
void publisher_open(const struct address *to, const char *group);

/* Puts one text for all members. */
void publisher_put(const char *text, size_t n);

#endif
