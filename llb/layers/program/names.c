#include <string.h>

#include "join.h"

const char base_image[] = "the base image";

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

static const char *name_by_records(struct join *j, const struct conflict *c)
{
	struct facts is = tree_facts(&j->start, c->what == PYTHON ? c->key : c->path);
	const char *name = base_image;
	int best = 0;
	for (size_t i = 0; i < j->earliers; i++) {
		int score = score_of(&j->earlier[i], c, &is);
		if (score >= best && score > 0) {
			best = score;
			name = j->earlier[i].name;
		}
	}
	return name;
}

void name_others(struct join *j)
{
	for (size_t i = 0; i < j->conflicts; i++) {
		struct conflict *c = &j->conflict[i];
		if (c->other != START) {
			c->other_name = j->layer[c->other].name;
			continue;
		}
		load_earlier(j);
		c->other_name = name_by_records(j, c);
	}
}
