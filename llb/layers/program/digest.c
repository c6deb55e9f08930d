#include "digest.h"

#include <string.h>

static const uint64_t initial[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const unsigned char order[12][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

static uint64_t rotate(uint64_t x, int n)
{
	return x >> n | x << (64 - n);
}

static void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = rotate(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 63);
}

static void compress(struct hashing *h, bool last)
{
	uint64_t v[16], m[16];
	memcpy(m, h->block, sizeof(m)); // both machines are little-endian
	memcpy(v, h->state, sizeof(h->state));
	memcpy(v + 8, initial, sizeof(initial));
	v[12] ^= h->count;
	if (last)
		v[14] = ~v[14];
	for (int round = 0; round < 12; round++) {
		const unsigned char *s = order[round];
		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (int i = 0; i < 8; i++)
		h->state[i] ^= v[i] ^ v[i + 8];
}

void hash_begin(struct hashing *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->state, initial, sizeof(initial));
	h->state[0] ^= 0x01010000 ^ DIGEST_SIZE;
}

void hash_add(struct hashing *h, const void *data, size_t n)
{
	const unsigned char *bytes = data;
	while (n) {
		if (h->used == sizeof(h->block)) { // the last block is hash_end's
			h->count += h->used;
			compress(h, false);
			h->used = 0;
		}
		size_t part = sizeof(h->block) - h->used;
		part = part < n ? part : n;
		memcpy(h->block + h->used, bytes, part);
		h->used += part;
		bytes += part;
		n -= part;
	}
}

struct digest hash_end(struct hashing *h)
{
	struct digest d;
	h->count += h->used;
	memset(h->block + h->used, 0, sizeof(h->block) - h->used);
	compress(h, true);
	memcpy(d.bytes, h->state, sizeof(d.bytes));
	return d;
}

struct digest digest_of(const void *data, size_t n)
{
	struct hashing h;
	hash_begin(&h);
	hash_add(&h, data, n);
	return hash_end(&h);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void digest_print(struct text *to, const struct digest *d)
{
	for (int i = 0; i < DIGEST_SIZE; i++)
		text_format(to, "%02x", d->bytes[i]);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_read(const char *word, struct digest *d)
{
	if (strlen(word) != 2 * DIGEST_SIZE)
		return false;
	for (int i = 0; i < DIGEST_SIZE; i++) {
		int high = nibble(word[2 * i]), low = nibble(word[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		d->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
