// BLAKE2b (RFC 7693) with results of 32 bytes, as `b2sum -l 256` prints them.
#ifndef DIGEST_H
#define DIGEST_H

#include "base.h"

enum { DIGEST_SIZE = 32 };

struct digest {
	unsigned char bytes[DIGEST_SIZE];
};

struct hashing {
	uint64_t state[8], count;
	unsigned char block[128];
	size_t used;
};

void hash_begin(struct hashing *h);
void hash_add(struct hashing *h, const void *data, size_t n);
struct digest hash_end(struct hashing *h);

struct digest digest_of(const void *data, size_t n);
bool digest_equal(const struct digest *a, const struct digest *b);
void digest_print(struct text *to, const struct digest *d);
bool digest_read(const char *word, struct digest *d);

#endif
