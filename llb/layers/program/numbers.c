// Numbers of users and groups. Packages that do not know each other give the same number to
// different names, as adduser takes the next free one. The name counts: the later package's
// user gets another number, and so do the package's files.
#include <stdlib.h>
#include <string.h>

#include "join.h"

// owners are users or groups by name and by number.
struct owners {
	enum seen_kind kind;
	const char *path;
	struct table by_name, by_number; // values are numbers and names
};

// mapping is what numbers of a layer become.
struct mapping {
	struct table to[2]; // of users and groups: a number as text, to a number
	bool any;
};

static const struct format owners_format = {.format = FORMAT_FIELDS, .separator = ':', .key = 1};

static char *number_text(unsigned n)
{
	struct text t = {0};
	text_format(&t, "%u", n);
	return t.data;
}

static void add_owner(struct owners *o, const char *name, const char *number, int by)
{
	table_set(&o->by_name, name, number, by);
	const struct entry *e = table_find(&o->by_number, number);
	if (!e)
		table_set(&o->by_number, number, name, by);
}

static void load_owners(struct join *j, struct owners *o)
{
	struct table t = {0};
	table_load(&t, &owners_format, &j->start, o->path, START);
	for (size_t i = 0; i < t.count; i++) {
		char *word = field_get(&owners_format, t.entry[i].value, "3");
		long long n = word ? number(word, 10, UINT32_MAX - 1) : -1;
		if (n >= 0) {
			char *text = number_text((unsigned)n);
			add_owner(o, t.entry[i].key, text, START);
			free(text);
		}
		free(word);
	}
	table_free(&t);
}

static bool layer_uses(const struct layer *l, const struct owners *o, unsigned number)
{
	for (size_t i = 0; i < l->seen.count; i++)
		if (l->seen.list[i].kind == o->kind && l->seen.list[i].number == number)
			return true;
	return false;
}

static bool layer_knows(const struct layer *l, const struct owners *o, unsigned number, const char *name)
{
	for (size_t i = 0; i < l->seen.count; i++)
		if (l->seen.list[i].kind == o->kind && l->seen.list[i].number == number && strcmp(l->seen.list[i].name, name) == 0)
			return true;
	return false;
}

// free_number returns the next free number of the range that adduser takes a number from.
static char *free_number(const struct layer *l, const struct owners *o, unsigned number)
{
	unsigned first = number < 1000 ? 100 : 1000, last = number < 1000 ? 999 : 59999;
	for (unsigned i = 0; i <= last - first; i++) {
		unsigned wanted = number < first ? first + i : first + (number - first + 1 + i) % (last - first + 1);
		char *text = number_text(wanted);
		if (!table_find(&o->by_number, text) && !layer_uses(l, o, wanted))
			return text;
		free(text);
	}
	fail("no number is free for a %s of %s", o->kind == SEEN_USER ? "user" : "group", l->name);
}

// number_in returns the number that an entry of the list gives, to be freed.
static char *number_in(const char *entry)
{
	return field_get(&owners_format, entry, "3");
}

static const struct key_change *change_of(const struct layer *l, const struct owners *o, const char *name)
{
	const struct key_changes *file = keys_of(&l->keys, o->path);
	for (size_t i = 0; file && i < file->count; i++)
		if (strcmp(file->list[i].key, name) == 0)
			return &file->list[i];
	return NULL;
}

// settle returns the number that a name of a layer has in the end, to be freed, or NULL if
// it keeps its own.
static char *settle(struct join *j, int layer, struct owners *o, const struct sight *s)
{
	const struct layer *l = &j->layer[layer];
	const char *what = o->kind == SEEN_USER ? "user" : "group";
	const struct entry *ours = table_find(&o->by_name, s->name);
	const struct key_change *change = change_of(l, o, s->name);
	char *number = number_text(s->number), *was = change && change->was ? number_in(change->was) : NULL;
	bool renamed = was && strcmp(was, number) != 0; // the package itself gave it another number
	free(was);
	if (ours && !renamed) {
		char *to = strcmp(ours->value, number) != 0 ? copy_string(ours->value) : NULL;
		if (to && change)
			say("The %s %s of %s has number %s, and not %s, as with the packages before it.\n", what, s->name, l->name, to, number);
		free(number);
		return to;
	}
	const struct entry *taken = table_find(&o->by_number, number);
	if (!change || !taken || layer_knows(l, o, s->number, taken->value)) {
		if (change)
			add_owner(o, s->name, number, layer);
		free(number);
		return NULL;
	}
	char *to = free_number(l, o, s->number);
	say("The %s %s of %s gets number %s, because %s is that of %s.\n", what, s->name, l->name, to, number, taken->value);
	add_owner(o, s->name, to, layer);
	free(number);
	return to;
}

static void settle_all(struct join *j, int layer, struct owners *o, struct mapping *m)
{
	const struct seen *seen = &j->layer[layer].seen;
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->list[i].kind != o->kind)
			continue;
		char *to = settle(j, layer, o, &seen->list[i]), *from = number_text(seen->list[i].number);
		if (to && !table_find(&m->to[o->kind], from)) {
			table_set(&m->to[o->kind], from, to, layer);
			m->any = true;
		}
		free(to);
		free(from);
	}
}

static unsigned mapped(const struct table *to, unsigned number)
{
	char *text = number_text(number);
	const struct entry *e = table_find(to, text);
	free(text);
	return e ? (unsigned)strtoul(e->value, NULL, 10) : number;
}

static void map_facts(const struct mapping *m, struct facts *f)
{
	f->uid = mapped(&m->to[SEEN_USER], f->uid);
	f->gid = mapped(&m->to[SEEN_GROUP], f->gid);
}

static void map_field(char **entry, const char *field, const struct table *to)
{
	char *number = field_get(&owners_format, *entry, field);
	const struct entry *e = number ? table_find(to, number) : NULL;
	free(number);
	if (!e)
		return;
	char *changed = field_set(&owners_format, *entry, field, e->value);
	free(*entry);
	*entry = changed;
}

static void map_keys(struct keys *keys, const char *path, const char *field, const struct table *to)
{
	struct key_changes *file = (struct key_changes *)keys_of(keys, path);
	for (size_t i = 0; file && i < file->count; i++) {
		map_field(&file->list[i].was, field, to);
		map_field(&file->list[i].now, field, to);
	}
}

static void map_layer(struct layer *l, const struct mapping *m)
{
	for (size_t i = 0; i < l->changes.count; i++) {
		map_facts(m, &l->changes.list[i].now);
		map_facts(m, &l->changes.list[i].was);
	}
	map_keys(&l->keys, PASSWD, "3", &m->to[SEEN_USER]);
	map_keys(&l->keys, PASSWD, "4", &m->to[SEEN_GROUP]);
	map_keys(&l->keys, GROUP, "3", &m->to[SEEN_GROUP]);
}

void renumber(struct join *j)
{
	struct owners users = {.kind = SEEN_USER, .path = PASSWD}, groups = {.kind = SEEN_GROUP, .path = GROUP};
	load_owners(j, &users);
	load_owners(j, &groups);
	for (size_t i = 0; i < j->layers; i++) {
		struct mapping m = {0};
		settle_all(j, (int)i, &users, &m);
		settle_all(j, (int)i, &groups, &m);
		if (m.any)
			map_layer(&j->layer[i], &m);
		table_free(&m.to[SEEN_USER]);
		table_free(&m.to[SEEN_GROUP]);
	}
	table_free(&users.by_name);
	table_free(&users.by_number);
	table_free(&groups.by_name);
	table_free(&groups.by_number);
}
