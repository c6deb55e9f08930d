#include "keyed.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const struct table *t, const char *key)
{
	struct digest d = digest_of(key, strlen(key));
	size_t slot;
	memcpy(&slot, d.bytes, sizeof(slot));
	for (slot %= t->slots; t->slot[slot]; slot = (slot + 1) % t->slots)
		if (strcmp(t->entry[t->slot[slot] - 1].key, key) == 0)
			break;
	return slot;
}

static void make_slots(struct table *t)
{
	if (t->slots > 2 * t->count)
		return;
	free(t->slot);
	t->slots = 4 * t->count + 16;
	t->slot = allocate(t->slots, sizeof(*t->slot));
	for (size_t i = 0; i < t->count; i++)
		t->slot[slot_of(t, t->entry[i].key)] = i + 1;
}

struct entry *table_find(const struct table *t, const char *key)
{
	if (!t->count)
		return NULL;
	size_t found = t->slot[slot_of(t, key)];
	return found ? &t->entry[found - 1] : NULL;
}

void table_set(struct table *t, const char *key, const char *value, int by)
{
	struct entry *e = table_find(t, key);
	if (!e) {
		t->entry = grow(t->entry, &t->room, t->count + 1, sizeof(*t->entry));
		e = &t->entry[t->count++];
		*e = (struct entry){.key = copy_string(key)};
		make_slots(t);
		t->slot[slot_of(t, key)] = t->count;
	}
	char *copy = value ? copy_string(value) : NULL;
	free(e->value);
	e->value = copy;
	e->by = by;
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->entry[i].key);
		free(t->entry[i].value);
	}
	free(t->entry);
	free(t->slot);
	*t = (struct table){0};
}

// add_entry adds what a file has. A key that comes again is another entry.
static void add_entry(struct table *t, const char *key, const char *value, int by)
{
	struct text again = {0};
	text_string(&again, key);
	while (table_find(t, again.data)) {
		again.size = 0;
		text_format(&again, "%s\n%zu", key, ++table_find(t, key)->again + 1);
	}
	table_set(t, again.data, value, by);
	text_free(&again);
}

// line_key returns the key of a line, to be freed.
static char *line_key(const struct format *f, const char *line)
{
	if (f->format == FORMAT_VARS) {
		const char *equals = strchr(line, '=');
		return copy_bytes(line, equals ? (size_t)(equals - line) : strlen(line));
	}
	if (f->format != FORMAT_FIELDS)
		return copy_string(line);
	const char *field = line;
	for (long i = 1; i < f->key; i++) {
		const char *next = strchr(field, f->separator);
		if (!next)
			return copy_string(line);
		field = next + 1;
	}
	const char *end = f->key_to_end ? NULL : strchr(field, f->separator);
	return copy_bytes(field, end ? (size_t)(end - field) : strlen(field));
}

static void read_lines(struct table *t, const struct format *f, char *cursor, char *end, int by)
{
	for (char *line; (line = next_line(&cursor, end));) {
		struct text entry = {0};
		char *key = line_key(f, line);
		text_string(&entry, line);
		for (int i = 1; f->format == FORMAT_TRIPLES && i < 3 && (line = next_line(&cursor, end)); i++)
			text_format(&entry, "\n%s", line);
		add_entry(t, key, entry.data, by);
		text_free(&entry);
		free(key);
	}
}

// stanza_key returns the values of a stanza's key fields, or the stanza itself if it has none.
static char *stanza_key(const struct format *f, const char *stanza)
{
	struct text key = {0};
	bool found = false;
	char *fields = copy_string(f->key_fields), *field = fields;
	for (char *comma; field; field = comma) {
		comma = strchr(field, ',');
		if (comma)
			*comma++ = 0;
		char *value = field_get(f, stanza, field);
		found = found || value;
		text_format(&key, "%s%s", key.data ? " " : "", value ? value : "");
		free(value);
	}
	free(fields);
	if (found)
		return key.data;
	text_free(&key);
	return copy_string(stanza);
}

static void read_stanzas(struct table *t, const struct format *f, char *cursor, char *end, int by)
{
	struct text stanza = {0};
	for (char *line = ""; line;) {
		line = next_line(&cursor, end);
		if (line && *line) {
			text_format(&stanza, "%s%s", stanza.size ? "\n" : "", line);
			continue;
		}
		if (!stanza.size)
			continue;
		char *key = stanza_key(f, stanza.data);
		add_entry(t, key, stanza.data, by);
		free(key);
		stanza.size = 0;
	}
	text_free(&stanza);
}

void table_read(struct table *t, const struct format *f, struct text *text, int by)
{
	if (!text->size)
		return;
	char *cursor = text->data, *end = cursor + text->size;
	if (f->format == FORMAT_ALTERNATIVES)
		alternatives_read(t, text, by);
	else if (f->format == FORMAT_STANZAS)
		read_stanzas(t, f, cursor, end, by);
	else
		read_lines(t, f, cursor, end, by);
}

// add_choice adds to a status "manual" what was chosen: the target of the name's link.
static void add_choice(struct table *t, struct tree *tree, const char *path, int by)
{
	const struct entry *status = table_find(t, "status");
	if (!status || strcmp(status->value, "manual") != 0)
		return;
	char *link = join_path("/etc/alternatives", strrchr(path, '/') + 1);
	if (tree_facts(tree, link).kind == 'l') {
		struct text chosen = {0};
		char *target = tree_link(tree, link);
		text_format(&chosen, "manual %s", target);
		table_set(t, "status", chosen.data, by);
		text_free(&chosen);
		free(target);
	}
	free(link);
}

void table_load(struct table *t, const struct format *f, struct tree *tree, const char *path, int by)
{
	struct text text = {0};
	if (!tree_load(tree, path, MAX_LIST_SIZE, &text))
		return;
	if (text.size && memchr(text.data, 0, text.size))
		fail("%s of %s is no list: it has a byte that is zero", path, tree->name);
	table_read(t, f, &text, by);
	if (f->format == FORMAT_ALTERNATIVES)
		add_choice(t, tree, path, by);
	text_free(&text);
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(struct entry *const *)a)->key, (*(struct entry *const *)b)->key);
}

void table_print(struct text *to, const struct format *f, struct table *t)
{
	text_add(to, "", 0);
	if (f->format == FORMAT_ALTERNATIVES) {
		alternatives_print(to, t);
		return;
	}
	struct entry **order = allocate(t->count, sizeof(*order));
	for (size_t i = 0; i < t->count; i++)
		order[i] = &t->entry[i];
	if (f->sorted)
		qsort(order, t->count, sizeof(*order), by_key);
	for (size_t i = 0; i < t->count; i++)
		if (order[i]->value)
			text_format(to, "%s%s", order[i]->value, f->format == FORMAT_STANZAS ? "\n\n" : "\n");
	free(order);
}
