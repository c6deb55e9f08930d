// The files of update-alternatives, as `update-alternatives --query` explains them.
#include "keyed.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	char *cursor, *end;
	bool damaged;
};

static char *line_of(struct reader *r)
{
	char *line = next_line(&r->cursor, r->end);
	r->damaged = r->damaged || !line;
	return line ? line : "";
}

static void set(struct table *t, const char *kind, const char *name, const char *value, int by)
{
	struct text key = {0};
	text_format(&key, "%s %s", kind, name);
	table_set(t, key.data, value, by);
	text_free(&key);
}

static void read_choice(struct table *t, struct reader *r, const char *path, const struct names *slaves, int by)
{
	struct text value = {0};
	text_string(&value, line_of(r)); // the priority
	for (size_t i = 0; i < slaves->count; i++) {
		char *slave = line_of(r);
		if (*slave)
			text_format(&value, "\n%s=%s", slaves->name[i], slave);
	}
	set(t, "choice", path, value.data, by);
	text_free(&value);
}

void alternatives_read(struct table *t, struct text *text, int by)
{
	struct names slaves = {0};
	char *copy = copy_bytes(text->data, text->size);
	struct reader r = {copy, copy + text->size, false};
	table_set(t, "status", line_of(&r), by);
	table_set(t, "link", line_of(&r), by);
	for (char *name; *(name = line_of(&r));) {
		slaves.name = grow(slaves.name, &slaves.room, slaves.count + 1, sizeof(*slaves.name));
		slaves.name[slaves.count++] = copy_string(name);
		set(t, "slave", name, line_of(&r), by);
	}
	for (char *path; !r.damaged && *(path = line_of(&r));)
		read_choice(t, &r, path, &slaves, by);
	if (r.damaged) { // what is no such file is one entry
		table_free(t);
		table_set(t, "text", text->data, by);
	}
	names_free(&slaves);
	free(copy);
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(struct entry *const *)a)->key, (*(struct entry *const *)b)->key);
}

char *slave_of(const char *choice, const char *name)
{
	size_t n = strlen(name);
	for (const char *line = strchr(choice, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (strncmp(line, name, n) == 0 && line[n] == '=')
			return copy_bytes(line + n + 1, strcspn(line + n + 1, "\n"));
	}
	return copy_string("");
}

static bool has_kind(const struct entry *e, const char *kind)
{
	return e->value && strncmp(e->key, kind, strlen(kind)) == 0;
}

static bool has_choices(const struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (has_kind(&t->entry[i], "choice "))
			return true;
	return false;
}

static void print_choice(struct text *to, struct table *t, const struct entry *choice)
{
	text_format(to, "%s\n%.*s\n", choice->key + strlen("choice "), (int)strcspn(choice->value, "\n"), choice->value);
	for (size_t i = 0; i < t->count; i++) {
		if (!has_kind(&t->entry[i], "slave "))
			continue;
		char *path = slave_of(choice->value, t->entry[i].key + strlen("slave "));
		text_format(to, "%s\n", path);
		free(path);
	}
}

void alternatives_print(struct text *to, struct table *t)
{
	struct entry *text = table_find(t, "text"), *status = table_find(t, "status"), *link = table_find(t, "link");
	if (text && text->value) {
		text_string(to, text->value);
		return;
	}
	if (!status || !status->value || !link || !link->value || !has_choices(t))
		return;
	text_format(to, "%.*s\n%s\n", (int)strcspn(status->value, " "), status->value, link->value);
	struct entry **order = allocate(t->count, sizeof(*order));
	size_t count = 0;
	for (size_t i = 0; i < t->count; i++) {
		if (has_kind(&t->entry[i], "slave "))
			text_format(to, "%s\n%s\n", t->entry[i].key + strlen("slave "), t->entry[i].value);
		if (has_kind(&t->entry[i], "choice "))
			order[count++] = &t->entry[i];
	}
	text_string(to, "\n");
	qsort(order, count, sizeof(*order), by_key);
	for (size_t i = 0; i < count; i++)
		print_choice(to, t, order[i]);
	text_string(to, "\n");
	free(order);
}
