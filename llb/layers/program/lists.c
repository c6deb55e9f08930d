// Joins lists by key.
#include <stdlib.h>
#include <string.h>

#include "join.h"

#define STATUS "/var/lib/dpkg/status"
static const char installed_status[] = "\nStatus: install ok installed";
static const char automatic[] = "\nAuto-Installed: 1";

struct listing {
	struct join *j;
	const struct format *format;
	const char *path;
	struct table table;
};

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void conflict_on_key(struct listing *l, const struct key_change *c, int other, int layer, const char *ours)
{
	enum difference what = !c->now ? REMOVES : !ours ? CHANGES : !c->was ? BOTH_ADD : BOTH_CHANGE;
	add_conflict(l->j, l->path, other, layer, what)->key = copy_string(c->key);
}

static void conflict_of_versions(struct listing *l, const struct key_change *c, int other, int layer, const char *ours)
{
	struct conflict *x = add_conflict(l->j, l->path, other, layer, DEBIAN);
	char *our_version = field_get(l->format, ours, "Version"), *their_version = field_get(l->format, c->now, "Version");
	x->subject = copy_bytes(c->key, strcspn(c->key, " "));
	x->key = copy_string(c->key);
	x->ours = our_version;
	x->theirs = their_version;
}

// merge_range moves the beginning of a range behind all others.
static char *merge_range(const struct listing *l, const char *value, const char *field)
{
	long next = strtol(field, NULL, 10) + 1;
	struct text name = {0};
	text_format(&name, "%ld", next);
	char *first_word = field_get(l->format, value, field), *count_word = field_get(l->format, value, name.data);
	long long first = first_word ? number(first_word, 10, UINT32_MAX) : -1, count = count_word ? number(count_word, 10, UINT32_MAX) : -1;
	long long end = 0;
	bool overlaps = false;
	for (size_t i = 0; i < l->table.count; i++) {
		const char *other = l->table.entry[i].value;
		char *f = field_get(l->format, other, field), *c = field_get(l->format, other, name.data);
		long long from = f ? number(f, 10, UINT32_MAX) : -1, to = from < 0 || !c ? -1 : from + number(c, 10, UINT32_MAX);
		overlaps = overlaps || (to > first && from < first + count);
		end = to > end ? to : end;
		free(f);
		free(c);
	}
	free(first_word);
	free(count_word);
	name.size = 0;
	text_format(&name, "%lld", end);
	char *moved = first < 0 || count < 0 || !overlaps ? copy_string(value) : field_set(l->format, value, field, name.data);
	text_free(&name);
	return moved;
}

// merge_field returns what a field becomes that both changed, to be freed, or NULL for none.
static char *merge_field(const struct format *f, enum policy policy, const char *was, const char *ours, const char *theirs, bool *conflict)
{
	const char *result = theirs;
	if (same(ours, theirs) || same(theirs, was))
		result = ours;
	else if (same(ours, was) || policy == POLICY_LATER)
		result = theirs;
	else if (policy == POLICY_LIST)
		return list_merge(f, was, ours, theirs);
	else if (policy == POLICY_EARLIER || policy == POLICY_RANGE)
		result = ours;
	else if (policy == POLICY_LEAST)
		result = ours && theirs && atoi(ours) < atoi(theirs) ? ours : theirs;
	else
		*conflict = true;
	return result ? copy_string(result) : NULL;
}

// merge_fields merges an entry that both have and changed.
static void merge_fields(struct listing *l, const struct key_change *c, const struct entry *ours, int layer)
{
	enum { MAX_FIELDS = 1000 }; // more are no list of a package manager's
	struct names mine = field_names(l->format, ours->value), theirs = field_names(l->format, c->now);
	size_t fields = mine.count + theirs.count;
	bool conflict = fields > MAX_FIELDS;
	char *value = copy_string(conflict ? c->now : ours->value);
	for (size_t i = conflict ? fields : 0; i < fields; i++) {
		const char *name = i < mine.count ? mine.name[i] : theirs.name[i - mine.count];
		char *o = field_get(l->format, ours->value, name), *t = field_get(l->format, c->now, name), *w = field_get(l->format, c->was, name);
		enum policy policy = policy_of(l->format, name);
		if (policy == POLICY_VERSION && !same(o, t)) {
			conflict_of_versions(l, c, ours->by, layer, ours->value);
			free(value);
			value = copy_string(c->now);
			i = fields; // the later one as a whole
		} else if ((i < mine.count || !o) && !same(o, t)) {
			char *merged = merge_field(l->format, policy, w, o, t, &conflict), *changed = field_set(l->format, value, name, merged);
			free(value);
			free(merged);
			value = changed;
		}
		free(o);
		free(t);
		free(w);
	}
	if (conflict)
		conflict_on_key(l, c, ours->by, layer, ours->value);
	table_set(&l->table, c->key, value, layer);
	free(value);
	names_free(&mine);
	names_free(&theirs);
}

// choice_of returns what is chosen by a status: the path that was set by hand, or auto.
static const char *choice_of(const char *status)
{
	const char *space = strchr(status, ' ');
	return space ? space + 1 : status;
}

// merge_choice merges the status of an alternative. One that nobody set by hand is auto.
static void merge_choice(struct listing *l, const struct key_change *c, const struct entry *ours, int layer)
{
	if (strcmp(c->now, "auto") == 0 && !c->was)
		return;
	if (strcmp(ours->value, "auto") != 0 || c->was) {
		struct conflict *x = add_conflict(l->j, l->path, ours->by, layer, ALTERNATIVE);
		x->subject = copy_string(strrchr(l->path, '/') + 1);
		x->key = copy_string(c->key);
		x->ours = copy_string(choice_of(ours->value));
		x->theirs = copy_string(choice_of(c->now));
	}
	table_set(&l->table, c->key, c->now, layer);
}

static bool is_version_list(const struct format *f)
{
	return policy_of(f, "Version") == POLICY_VERSION;
}

static void merge_key(struct listing *l, const struct key_change *c, int layer)
{
	const struct entry *e = table_find(&l->table, c->key);
	const char *ours = e ? e->value : NULL;
	if (same(ours, c->now))
		return;
	if (same(ours, c->was)) {
		char *value = c->now ? copy_string(c->now) : NULL;
		for (size_t i = 0; value && !c->was && i < l->format->policies; i++)
			if (l->format->policy[i].policy == POLICY_RANGE) {
				char *moved = merge_range(l, value, l->format->policy[i].field);
				free(value);
				value = moved;
			}
		table_set(&l->table, c->key, value, layer);
		free(value);
		return;
	}
	int other = e ? e->by : START;
	bool choice = l->format->format == FORMAT_ALTERNATIVES && strcmp(c->key, "status") == 0;
	if (ours && c->now && choice) {
		merge_choice(l, c, e, layer);
		return;
	}
	if (ours && c->now) {
		merge_fields(l, c, e, layer);
		return;
	}
	if (is_version_list(l->format))
		conflict_of_versions(l, c, other, layer, ours);
	else if (policy_of(l->format, "*") != POLICY_LATER)
		conflict_on_key(l, c, other, layer, ours);
	table_set(&l->table, c->key, c->now, layer);
}

static bool has(const char *stanza, const char *line)
{
	const char *found = stanza ? strstr(stanza, line) : NULL;
	return found && (found[strlen(line)] == '\n' || !found[strlen(line)]);
}

// note_installed notes which Debian packages are installed, and by whom first.
static void note_installed(struct join *j)
{
	struct rule rule = {.pattern = STATUS, .argument = (char *[]){"stanzas", "Package,Architecture"}, .arguments = 2};
	struct format f = format_of(&rule);
	struct table t = {0};
	table_load(&t, &f, &j->start, STATUS, START);
	for (size_t i = 0; i < t.count; i++)
		if (has(t.entry[i].value, installed_status))
			table_set(&j->installed, t.entry[i].key, "", START);
	for (size_t i = 0; i < j->layers; i++) {
		const struct key_changes *file = keys_of(&j->layer[i].keys, STATUS);
		for (size_t k = 0; file && k < file->count; k++)
			if (has(file->list[k].now, installed_status) && !table_find(&j->installed, file->list[k].key))
				table_set(&j->installed, file->list[k].key, "", (int)i);
	}
	table_free(&t);
	format_free(&f);
}

// keeps_manual tells whether a change says that a package was installed automatically
// which was there already, by hand.
static bool keeps_manual(struct listing *l, const struct key_change *c, int layer)
{
	const struct entry *e = table_find(&l->table, c->key), *installed = table_find(&l->j->installed, c->key);
	return l->format->manual && !c->was && has(c->now, automatic) && !(e && e->value) && installed && installed->by < layer;
}

// mark_manual takes what a layer installed by hand from the list of automatic packages.
static void mark_manual(struct listing *l, int layer)
{
	const struct key_changes *status = keys_of(&l->j->layer[layer].keys, STATUS), *list = keys_of(&l->j->layer[layer].keys, l->path);
	for (size_t i = 0; status && i < status->count; i++) {
		const struct key_change *s = &status->list[i];
		const struct entry *e = table_find(&l->table, s->key);
		if (!e || !e->value || has(s->was, installed_status) || !has(s->now, installed_status))
			continue;
		bool by_hand = true;
		for (size_t k = 0; list && by_hand && k < list->count; k++)
			by_hand = strcmp(list->list[k].key, s->key) != 0 || !has(list->list[k].now, automatic);
		if (by_hand)
			table_set(&l->table, s->key, NULL, layer);
	}
}

static void add_choice(struct join *j, const char *path, struct table table)
{
	j->choice = grow(j->choice, &j->choices_room, j->choices + 1, sizeof(*j->choice));
	j->choice[j->choices++] = (struct choice){copy_string(strrchr(path, '/') + 1), table};
}

static void set_text(struct join *j, const char *path, struct version *v, struct text made, bool gone)
{
	struct text before = {0};
	bool exists = tree_load(&j->start, path, MAX_LIST_SIZE, &before);
	if (exists && before.size == made.size && memcmp(before.data, made.data, made.size) == 0) {
		text_free(&made);
	} else if (!made.size && gone) {
		v->facts.kind = '-';
		text_free(&made);
	} else {
		v->pieces = 0;
		v->made = made;
		v->facts.size = (long long)made.size;
	}
	text_free(&before);
}

// keeps_frame tells whether a change only says that no choice is left of an alternative,
// which the other packages' choices decide.
static bool keeps_frame(const struct format *f, const struct key_change *c)
{
	return f->format == FORMAT_ALTERNATIVES && !c->now && strncmp(c->key, "choice ", 7) != 0 && strcmp(c->key, "text") != 0;
}

static void merge_layer(struct listing *l, int layer)
{
	const struct key_changes *file = keys_of(&l->j->layer[layer].keys, l->path);
	for (size_t i = 0; file && i < file->count; i++)
		if (!keeps_manual(l, &file->list[i], layer) && !keeps_frame(l->format, &file->list[i]))
			merge_key(l, &file->list[i], layer);
	if (l->format->manual)
		mark_manual(l, layer);
}

void merge_list(struct join *j, const struct rule *rule, const char *path, const int *layer, size_t layers, struct version *v, bool gone)
{
	struct format format = format_of(rule);
	struct listing l = {.j = j, .format = &format, .path = path};
	if (format.manual && !j->installed.count)
		note_installed(j);
	table_load(&l.table, &format, &j->start, path, START);
	if (format.manual) // what a layer installed by hand is in its list of packages
		layers = j->layers;
	for (size_t i = 0; i < layers; i++)
		merge_layer(&l, format.manual ? (int)i : layer[i]);
	struct text made = {0};
	table_print(&made, &format, &l.table);
	set_text(j, path, v, made, gone);
	if (format.format == FORMAT_ALTERNATIVES)
		add_choice(j, path, l.table);
	else
		table_free(&l.table);
	format_free(&format);
}
