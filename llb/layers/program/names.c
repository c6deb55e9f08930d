#include <stdlib.h>
#include <string.h>

#include "join.h"

const char base_image[] = "the base image";

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->path, ((const struct change *)b)->path);
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
static int change_score(const struct change *c, const struct facts *is)
{
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
	const struct change wanted = {.path = (char *)path};
	const struct change *change = l->changes.count ? bsearch(&wanted, l->changes.list, l->changes.count, sizeof(wanted), by_path) : NULL;
	return change ? change_score(change, is) : 0;
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

// sort_changes sorts what earlier packages changed, so that it is found by path.
static void sort_changes(struct join *j)
{
	load_earlier(j);
	for (size_t i = 0; i < j->earliers; i++)
		if (j->earlier[i].changes.count)
			qsort(j->earlier[i].changes.list, j->earlier[i].changes.count, sizeof(struct change), by_path);
}

void name_others(struct join *j)
{
	bool sorted = false;
	for (size_t i = 0; i < j->conflicts; i++) {
		struct conflict *c = &j->conflict[i];
		if (c->other != START) {
			c->other_name = j->layer[c->other].name;
			continue;
		}
		if (!sorted)
			sort_changes(j);
		sorted = true;
		c->other_name = name_by_records(j, c);
	}
}
