// Memory, text and errors. All failures end the program: what is written then is thrown
// away by the builder, so there is nothing to clean up.
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_CONFLICT = 3 };

// say prints to stdout. What would be a command to a terminal is printed as a number, but for
// line feeds and tabs.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// fail prints a message as say does, to stderr, and ends the program.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// fail_path prints what could not be done with a path, and errno's text.
_Noreturn void fail_path(const char *doing, const char *tree, const char *path);

// allocate, grow and copies of strings never return NULL.
void *allocate(size_t count, size_t size);
void *grow(void *old, size_t *room, size_t needed, size_t size);
char *copy_string(const char *s);
char *copy_bytes(const char *s, size_t n);

// text is a string that grows. Its data ends with a 0 that size does not count.
struct text {
	char *data;
	size_t size, room;
};

void text_add(struct text *t, const void *data, size_t n);
void text_string(struct text *t, const char *s);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *t);

// text_escaped adds bytes as one word that has no space and no line feed: other than
// printable ASCII, and %, are percent-encoded. Nothing at all is a single %, and a single
// - is encoded, so that - can stand for what is absent.
void text_escaped(struct text *t, const char *data, size_t n);

// text_readable adds a path for people: as it is, but for control characters.
void text_readable(struct text *t, const char *path);

// unescape decodes a word in place. It returns its length, or -1 if it is no such word.
long unescape(char *word);

// next_line and next_word cut text in place: they end the line or word with a 0, move the
// cursor behind it, and return NULL where nothing is left.
char *next_line(char **cursor, char *end);
char *next_word(char **cursor);

// number reads a whole word as a number of the base, at most max. It returns -1 if it is none.
long long number(const char *word, int base, long long max);

#endif
