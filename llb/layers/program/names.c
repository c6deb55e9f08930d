#include <stdlib.h>
#include <string.h>

#include "join.h"

const char base_image[] = "the base image";

struct records {
	struct layer *list;
	size_t count, room;
};

static struct records load_records(struct join *j)
{
	struct records r = {0};
	struct names names = tree_names(&j->start, RECORDS);
	for (size_t i = 0; i < names.count; i++) {
		struct text readable = {0};
		char *name = copy_string(names.name[i]);
		if (unescape(name) < 1) {
			free(name);
			continue;
		}
		text_readable(&readable, name);
		r.list = grow(r.list, &r.room, r.count + 1, sizeof(*r.list));
		r.list[r.count++] = layer_load(names.name[i], readable.data, &j->start);
		free(name);
		text_free(&readable);
	}
	names_free(&names);
	return r;
}

static bool sets_key(const struct layer *l, const struct conflict *c)
{
	const struct key_changes *file = keys_of(&l->keys, c->path);
	for (size_t i = 0; file && i < file->count; i++)
		if (strcmp(file->list[i].key, c->key) == 0)
			return true;
	return false;
}

// change_score tells how well a change explains what start has: 0 not at all, 1 a change
// of the path, 2 that it made it what it is there.
static int change_score(const struct change *c, const char *path, const struct facts *is)
{
	if (strcmp(c->path, path) != 0)
		return 0;
	if (change_keeps_content(c) && same_owner_and_mode(&c->now, &c->was))
		return 0;
	return c->now.kind == is->kind && c->now.size == is->size && (is->kind == '-' || same_owner_and_mode(&c->now, is)) ? 2 : 1;
}

static int score_of(const struct layer *l, const struct conflict *c, const struct facts *is)
{
	const char *path = c->path;
	if (c->what == PYTHON)
		path = c->key;
	else if (c->key)
		return sets_key(l, c) ? 2 : 0;
	int best = 0;
	for (size_t i = 0; i < l->changes.count; i++) {
		int score = change_score(&l->changes.list[i], path, is);
		best = score > best ? score : best;
	}
	return best;
}

static const char *name_by_records(struct join *j, const struct records *r, const struct conflict *c)
{
	struct facts is = tree_facts(&j->start, c->what == PYTHON ? c->key : c->path);
	const char *name = base_image;
	int best = 0;
	for (size_t i = 0; i < r->count; i++) {
		int score = score_of(&r->list[i], c, &is);
		if (score >= best && score > 0) {
			best = score;
			name = r->list[i].name;
		}
	}
	return name;
}

void name_others(struct join *j)
{
	struct records records = {0};
	bool loaded = false;
	for (size_t i = 0; i < j->conflicts; i++) {
		struct conflict *c = &j->conflict[i];
		if (c->other != START) {
			c->other_name = j->layer[c->other].name;
			continue;
		}
		if (!loaded)
			records = load_records(j);
		loaded = true;
		c->other_name = name_by_records(j, &records, c);
	}
}
