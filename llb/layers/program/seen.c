#include "seen.h"

#include <stdlib.h>
#include <string.h>

static void add(struct seen *s, enum seen_kind kind, unsigned number, const char *name)
{
	s->list = grow(s->list, &s->room, s->count + 1, sizeof(*s->list));
	s->list[s->count++] = (struct sight){kind, number, copy_string(name)};
}

static void add_number(struct table *used, const char *number)
{
	table_set(used, number, "", 0);
}

static void add_owners(struct table *users, struct table *groups, const struct facts *f)
{
	struct text number = {0};
	if (f->kind == '-')
		return;
	text_format(&number, "%u", f->uid);
	add_number(users, number.data);
	number.size = 0;
	text_format(&number, "%u", f->gid);
	add_number(groups, number.data);
	text_free(&number);
}

// add_names adds the names that a file gives to numbers which are used.
static void add_names(struct seen *s, enum seen_kind kind, struct tree *after, const char *path, const struct table *used)
{
	struct format f = {.format = FORMAT_FIELDS, .separator = ':', .key = 1};
	struct table t = {0};
	table_load(&t, &f, after, path, 0);
	for (size_t i = 0; i < t.count; i++) {
		char *name = field_get(&f, t.entry[i].value, "1"), *word = field_get(&f, t.entry[i].value, "3");
		long long n = word ? number(word, 10, UINT32_MAX) : -1;
		if (n > 0 && name && *name && table_find(used, word))
			add(s, kind, (unsigned)n, name);
		free(name);
		free(word);
	}
	table_free(&t);
}

// add_fields adds the numbers in a field of the entries that a package set.
static void add_fields(struct table *used, const struct keys *keys, const char *path, const char *field)
{
	struct format f = {.format = FORMAT_FIELDS, .separator = ':', .key = 1};
	const struct key_changes *file = keys_of(keys, path);
	for (size_t i = 0; file && i < file->count; i++) {
		char *number = field_get(&f, file->list[i].now, field);
		if (number)
			add_number(used, number);
		free(number);
	}
}

static bool is_same_distribution(const char *a, const char *b)
{
	char *name_a = NULL, *version_a = NULL, *name_b = NULL, *version_b = NULL;
	size_t length;
	bool same = python_distribution(a, &name_a, &version_a, &length) && python_distribution(b, &name_b, &version_b, &length) &&
	            strcmp(name_a, name_b) == 0 && strcmp(version_a, version_b) != 0;
	free(name_a);
	free(version_a);
	free(name_b);
	free(version_b);
	return same;
}

// add_versions adds other versions of a distribution that are beside one.
static void add_versions(struct seen *s, struct tree *after, const char *path)
{
	char *folder = copy_bytes(path, (size_t)(strrchr(path, '/') - path));
	struct names names = tree_names(after, folder);
	for (size_t i = 0; i < names.count; i++) {
		char *other = join_path(folder, names.name[i]);
		if (is_same_distribution(path, other))
			add(s, SEEN_PYTHON, 0, other);
		free(other);
	}
	names_free(&names);
	free(folder);
}

void seen_collect(struct seen *s, struct tree *after, const struct changes *changes, const struct keys *keys)
{
	struct table users = {0}, groups = {0};
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *c = &changes->list[i];
		char *name = NULL, *version = NULL;
		size_t length;
		add_owners(&users, &groups, &c->now);
		add_owners(&users, &groups, &c->was);
		if (c->was.kind == '-' && python_distribution(c->path, &name, &version, &length) && !c->path[length])
			add_versions(s, after, c->path);
		free(name);
		free(version);
	}
	add_fields(&users, keys, PASSWD, "3");
	add_fields(&groups, keys, PASSWD, "4");
	add_fields(&groups, keys, GROUP, "3");
	add_names(s, SEEN_USER, after, PASSWD, &users);
	add_names(s, SEEN_GROUP, after, GROUP, &groups);
	table_free(&users);
	table_free(&groups);
}

void seen_print(struct text *to, const struct seen *s)
{
	text_add(to, "", 0);
	for (size_t i = 0; i < s->count; i++) {
		const struct sight *x = &s->list[i];
		if (x->kind == SEEN_PYTHON)
			text_string(to, "python ");
		else
			text_format(to, "%s %u ", x->kind == SEEN_USER ? "user" : "group", x->number);
		text_escaped(to, x->name, strlen(x->name));
		text_string(to, "\n");
	}
}

static bool read_sight(struct seen *s, char *line)
{
	char *kind = next_word(&line), *word = next_word(&line);
	if (!kind || !word)
		return false;
	if (strcmp(kind, "python") == 0) {
		long n = unescape(word);
		if (n < 0 || (size_t)n != strlen(word) || !valid_path(word) || next_word(&line))
			return false;
		add(s, SEEN_PYTHON, 0, word);
		return true;
	}
	bool user = strcmp(kind, "user") == 0;
	char *name = next_word(&line);
	long long n = number(word, 10, UINT32_MAX);
	long length = name ? unescape(name) : -1;
	if ((!user && strcmp(kind, "group") != 0) || n < 1 || length < 1 || (size_t)length != strlen(name) || strpbrk(name, ":\n") || next_word(&line))
		return false;
	add(s, user ? SEEN_USER : SEEN_GROUP, (unsigned)n, name);
	return true;
}

struct seen seen_read(struct text *from, const char *name)
{
	struct seen s = {0};
	char *cursor = from->data, *end = from->data + from->size;
	size_t number = 1;
	for (char *line; from->size && (line = next_line(&cursor, end)); number++)
		if (!read_sight(&s, line))
			fail("the record of %s is damaged in line %zu of what it saw: build it anew", name, number);
	return s;
}

void seen_free(struct seen *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->list[i].name);
	free(s->list);
	*s = (struct seen){0};
}
