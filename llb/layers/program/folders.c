// Folders that are something else in another layer. A merge of layers then has not all of
// what the join is to make, or hides what no layer speaks of.
#include <stdlib.h>
#include <string.h>

#include "merge.h"

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

// first_below returns the number of the first item that is not before what is in a folder.
static size_t first_below(const struct items *items, const char *folder)
{
	char *prefix = join_path(folder, "");
	size_t low = 0, high = items->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(items->list[middle].change->path, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	free(prefix);
	return low;
}

bool has_item(const struct items *items, const char *path)
{
	size_t low = 0, high = items->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(items->list[middle].change->path, path);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void add_replaced(struct replaced *r, const char *path, int by)
{
	r->list = grow(r->list, &r->room, r->count + 1, sizeof(*r->list));
	r->list[r->count++] = (struct replacement){path, by};
	table_set(&r->paths, path, NULL, by);
}

bool below_replaced(const struct replaced *r, const char *path)
{
	bool below = false;
	char *folder = copy_string(path);
	for (char *slash; r->count && !below && (slash = strrchr(folder, '/'));) {
		*slash = 0;
		below = table_find(&r->paths, folder);
	}
	free(folder);
	return below;
}

// each_unknown calls back for what start has in a folder and no layer speaks of.
static void each_unknown(struct join *j, const struct items *items, const char *folder,
                         void (*found)(struct join *, const char *, const struct replacement *), const struct replacement *r)
{
	struct names names = tree_names(&j->start, folder);
	for (size_t i = 0; i < names.count; i++) {
		char *path = join_path(folder, names.name[i]);
		if (!has_item(items, path))
			found(j, path, r);
		free(path);
	}
	names_free(&names);
}

static void each_unknown_below(struct join *j, const struct items *items, const struct replacement *r,
                               void (*found)(struct join *, const char *, const struct replacement *))
{
	struct names folders = {0}; // their whole paths
	folders.name = grow(NULL, &folders.room, 1, sizeof(*folders.name));
	folders.name[folders.count++] = copy_string(r->path);
	while (folders.count) {
		char *folder = folders.name[--folders.count];
		each_unknown(j, items, folder, found, r);
		struct names names = tree_names(&j->start, folder);
		for (size_t i = 0; i < names.count; i++) {
			struct stat st;
			char *path = join_path(folder, names.name[i]);
			if (!tree_stat(&j->start, path, &st) || !S_ISDIR(st.st_mode)) {
				free(path);
				continue;
			}
			folders.name = grow(folders.name, &folders.room, folders.count + 1, sizeof(*folders.name));
			folders.name[folders.count++] = path;
		}
		names_free(&names);
		free(folder);
	}
	free(folders.name);
}

static void restore(struct join *j, const char *path, const struct replacement *r)
{
	(void)r;
	struct version v = {.facts = tree_facts(&j->start, path), .owner_from = START, .content_by = START, .owner_by = START};
	add_piece(&v, START, 0);
	add_task(j, TASK_WRITE, path, v);
}

void restore_hidden(struct join *j, const struct items *items, const struct replaced *hidden)
{
	for (size_t i = 0; i < hidden->count; i++)
		each_unknown_below(j, items, &hidden->list[i], restore);
}

static void lost(struct join *j, const char *path, const struct replacement *r)
{
	add_conflict(j, path, START, r->by, FILL_FOLDER);
}

void check_replaced(struct join *j, const struct items *items, const struct replaced *replaced)
{
	for (size_t i = 0; i < replaced->count; i++) {
		const struct replacement *r = &replaced->list[i];
		for (size_t k = first_below(items, r->path); k < items->count && is_below(items->list[k].change->path, r->path); k++) {
			const struct item *it = &items->list[k];
			if (it->layer == r->by || it->change->now.kind == '-' || it->change->now.kind == 'd' || change_keeps_content(it->change))
				continue;
			int first = it->layer < r->by ? it->layer : r->by, second = it->layer < r->by ? r->by : it->layer;
			add_conflict(j, it->change->path, first, second, FILL_FOLDER);
		}
		each_unknown_below(j, items, r, lost);
	}
}
