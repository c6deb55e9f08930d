#include "keyed.h"

#include <stdlib.h>
#include <string.h>

static char *copy_or_none(const char *s)
{
	return s ? copy_string(s) : NULL;
}

static void add_change(struct key_changes *to, const char *key, const char *was, const char *now)
{
	to->list = grow(to->list, &to->room, to->count + 1, sizeof(*to->list));
	to->list[to->count++] = (struct key_change){copy_string(key), copy_or_none(was), copy_or_none(now)};
}

static struct key_changes *add_file(struct keys *to, const char *path)
{
	to->file = grow(to->file, &to->room, to->count + 1, sizeof(*to->file));
	to->file[to->count] = (struct key_changes){.path = copy_string(path)};
	return &to->file[to->count++];
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct key_changes *)a)->path, ((const struct key_changes *)b)->path);
}

void keys_sort(struct keys *k)
{
	if (k->count)
		qsort(k->file, k->count, sizeof(*k->file), by_path);
}

void keys_add(struct keys *to, const char *path, const struct table *was, const struct table *now)
{
	struct key_changes *file = add_file(to, path);
	for (size_t i = 0; i < was->count; i++)
		if (!table_find(now, was->entry[i].key))
			add_change(file, was->entry[i].key, was->entry[i].value, NULL);
	for (size_t i = 0; i < now->count; i++) {
		const struct entry *e = table_find(was, now->entry[i].key);
		if (!e || strcmp(e->value, now->entry[i].value) != 0)
			add_change(file, now->entry[i].key, e ? e->value : NULL, now->entry[i].value);
	}
}

static void print_word(struct text *to, const char *word)
{
	if (word)
		text_escaped(to, word, strlen(word));
	else
		text_string(to, "-");
}

void keys_print(struct text *to, const struct keys *k)
{
	text_add(to, "", 0);
	for (size_t i = 0; i < k->count; i++) {
		text_string(to, "file ");
		print_word(to, k->file[i].path);
		text_string(to, "\n");
		for (size_t n = 0; n < k->file[i].count; n++) {
			const struct key_change *c = &k->file[i].list[n];
			text_string(to, "entry ");
			print_word(to, c->key);
			text_string(to, " ");
			print_word(to, c->was);
			text_string(to, " ");
			print_word(to, c->now);
			text_string(to, "\n");
		}
	}
}

// read_word decodes a word. It returns false if it is damaged, and leaves NULL for none.
static bool read_word(char **cursor, char **word)
{
	*word = next_word(cursor);
	if (!*word)
		return false;
	if (strcmp(*word, "-") == 0) {
		*word = NULL;
		return true;
	}
	long n = unescape(*word);
	return n >= 0 && (size_t)n == strlen(*word);
}

static bool read_line(struct keys *k, char *line)
{
	char *kind = next_word(&line), *key, *was, *now;
	if (!kind || !read_word(&line, &key) || !key)
		return false;
	if (strcmp(kind, "file") == 0 && valid_path(key) && !next_word(&line)) {
		add_file(k, key);
		return true;
	}
	if (strcmp(kind, "entry") != 0 || !k->count || !read_word(&line, &was) || !read_word(&line, &now) || next_word(&line) || (!was && !now))
		return false;
	add_change(&k->file[k->count - 1], key, was, now);
	return true;
}

struct keys keys_read(struct text *from, const char *name)
{
	struct keys keys = {0};
	char *cursor = from->data, *end = from->data + from->size;
	size_t number = 1;
	for (char *line; from->size && (line = next_line(&cursor, end)); number++)
		if (!read_line(&keys, line))
			fail("the record of %s is damaged in line %zu of its keys: build it anew", name, number);
	keys_sort(&keys);
	return keys;
}

void keys_free(struct keys *k)
{
	for (size_t i = 0; i < k->count; i++) {
		for (size_t n = 0; n < k->file[i].count; n++) {
			free(k->file[i].list[n].key);
			free(k->file[i].list[n].was);
			free(k->file[i].list[n].now);
		}
		free(k->file[i].list);
		free(k->file[i].path);
	}
	free(k->file);
	*k = (struct keys){0};
}

const struct key_changes *keys_of(const struct keys *k, const char *path)
{
	struct key_changes wanted = {.path = (char *)path};
	return k->count ? bsearch(&wanted, k->file, k->count, sizeof(*k->file), by_path) : NULL;
}
