#include "base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// is_control tells whether a byte, or with the one before it a character of UTF-8, may be a
// command to a terminal.
static bool is_control(unsigned char before, unsigned char c)
{
	return c < ' ' || c == 0x7f || (before == 0xc2 && c >= 0x80 && c < 0xa0);
}

static void print(FILE *to, const char *format, va_list args)
{
	static char text[1 << 16]; // where there is no memory, that is to be said
	unsigned char before = 0;
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		return;
	for (const char *c = text; *c; before = (unsigned char)*c++) {
		if (is_control(before, (unsigned char)*c) && *c != '\n' && *c != '\t')
			fprintf(to, "\\x%02x", (unsigned char)*c);
		else
			fputc(*c, to);
	}
}

void say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print(stdout, format, args);
	va_end(args);
	fflush(stdout);
}

void fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("layers: ", stderr);
	print(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_ERROR);
}

void fail_path(const char *doing, const char *tree, const char *path)
{
	int error = errno;
	struct text readable = {0};
	text_readable(&readable, path);
	fail("cannot %s %s of %s: %s", doing, readable.size ? readable.data : "/", tree, strerror(error));
}

void *allocate(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);
	if (!p)
		fail("no memory for %zu things of %zu bytes", count, size);
	return p;
}

void *grow(void *old, size_t *room, size_t needed, size_t size)
{
	if (needed <= *room)
		return old;
	size_t wanted = *room * 2 > needed ? *room * 2 : needed + 8;
	if (wanted > SIZE_MAX / 4 / size)
		fail("no memory for %zu things", wanted);
	void *p = realloc(old, wanted * size);
	if (!p)
		fail("no memory for %zu bytes", wanted * size);
	*room = wanted;
	return p;
}

char *copy_bytes(const char *s, size_t n)
{
	char *p = allocate(n + 1, 1);
	memcpy(p, s, n);
	return p;
}

char *copy_string(const char *s)
{
	return copy_bytes(s, strlen(s));
}

void text_add(struct text *t, const void *data, size_t n)
{
	t->data = grow(t->data, &t->room, t->size + n + 1, 1);
	if (n)
		memcpy(t->data + t->size, data, n);
	t->size += n;
	t->data[t->size] = 0;
}

void text_string(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_format(struct text *t, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	if (n < 0)
		fail("cannot format %s", format);
	t->data = grow(t->data, &t->room, t->size + (size_t)n + 1, 1);
	vsnprintf(t->data + t->size, (size_t)n + 1, format, again);
	t->size += (size_t)n;
	va_end(again);
	va_end(args);
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

void text_escaped(struct text *t, const char *data, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	if (n == 0)
		text_string(t, "%");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)data[i];
		bool alone = n == 1 && c == '-';
		if (c > ' ' && c < 0x7f && c != '%' && !alone) {
			text_add(t, &data[i], 1);
			continue;
		}
		char code[3] = {'%', digits[c >> 4], digits[c & 15]};
		text_add(t, code, sizeof(code));
	}
}

void text_readable(struct text *t, const char *path)
{
	text_add(t, "", 0);
	for (unsigned char before = 0; *path; before = (unsigned char)*path++) {
		unsigned char c = (unsigned char)*path;
		if (is_control(before, c))
			text_format(t, "\\x%02x", c);
		else
			text_add(t, path, 1);
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

long unescape(char *word)
{
	char *to = word;
	if (strcmp(word, "%") == 0) {
		*word = 0;
		return 0;
	}
	for (const char *from = word; *from; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
		if (low < 0)
			return -1;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = 0;
	return to - word;
}

char *next_line(char **cursor, char *end)
{
	char *line = *cursor;
	if (line >= end)
		return NULL;
	char *feed = memchr(line, '\n', (size_t)(end - line));
	*cursor = feed ? feed + 1 : end;
	if (feed)
		*feed = 0;
	return line;
}

char *next_word(char **cursor)
{
	char *word = *cursor;
	while (*word == ' ')
		word++;
	if (!*word)
		return NULL;
	char *space = strchr(word, ' ');
	*cursor = space ? space + 1 : word + strlen(word);
	if (space)
		*space = 0;
	return word;
}

long long number(const char *word, int base, long long max)
{
	if (!*word)
		return -1;
	long long n = 0;
	for (; *word; word++) {
		int digit = *word - '0';
		if (digit < 0 || digit >= base || n > (max - digit) / base)
			return -1;
		n = n * base + digit;
	}
	return n;
}
