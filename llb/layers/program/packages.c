// Debian packages and Python distributions that layers bring in two versions. Their files
// differ, too, which is not said again.
#include <stdlib.h>
#include <string.h>

#include "join.h"

// found is the metadata of a distribution.
struct found {
	char *folder, *name, *version, *path;
	int by;
};

struct all_found {
	struct found *list;
	size_t count, room;
};

static void add_found(struct all_found *all, const char *path, int by)
{
	struct found f = {.by = by};
	size_t length;
	if (!python_distribution(path, &f.name, &f.version, &length))
		return;
	f.path = copy_bytes(path, length);
	f.folder = copy_bytes(path, (size_t)(strrchr(f.path, '/') - f.path));
	all->list = grow(all->list, &all->room, all->count + 1, sizeof(*all->list));
	all->list[all->count++] = f;
}

static int by_distribution(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->folder, y->folder);
	order = order ? order : strcmp(x->name, y->name);
	return order ? order : x->by - y->by;
}

bool is_removed(struct join *j, const char *path)
{
	for (size_t i = 0; i < j->tasks; i++)
		if (j->task[i].kind == TASK_REMOVE && strcmp(j->task[i].path, path) == 0)
			return true;
	return false;
}

static bool knows(const struct layer *l, const char *path)
{
	for (size_t i = 0; i < l->seen.count; i++)
		if (l->seen.list[i].kind == SEEN_PYTHON && strcmp(l->seen.list[i].name, path) == 0)
			return true;
	return false;
}

static bool is_metadata(const char *path)
{
	char *name = NULL, *version = NULL;
	size_t length = 0;
	bool is = strstr(path, "-packages/") && python_distribution(path, &name, &version, &length) && !path[length];
	free(name);
	free(version);
	return is;
}

// find_new finds the distributions that layers bring.
static void find_new(struct join *j, struct all_found *all)
{
	for (size_t i = 0; i < j->layers; i++) {
		const struct changes *c = &j->layer[i].changes;
		for (size_t k = 0; k < c->count; k++)
			if (c->list[k].now.kind != '-' && c->list[k].was.kind == '-' && is_metadata(c->list[k].path))
				add_found(all, c->list[k].path, (int)i);
	}
}

// find_old finds those that are before the layers, in the same folders.
static void find_old(struct join *j, struct all_found *all)
{
	size_t new = all->count;
	for (size_t i = 0; i < new; i++) {
		if (i && strcmp(all->list[i].folder, all->list[i - 1].folder) == 0)
			continue;
		char *folder = copy_string(all->list[i].folder);
		struct names names = tree_names(&j->start, folder);
		for (size_t k = 0; k < names.count; k++) {
			char *path = join_path(folder, names.name[k]);
			add_found(all, path, START);
			free(path);
		}
		names_free(&names);
		free(folder);
	}
}

static void compare(struct join *j, const struct found *first, const struct found *second)
{
	if (strcmp(first->version, second->version) == 0 || first->by == second->by || knows(&j->layer[second->by], first->path) ||
	    is_removed(j, first->path) || is_removed(j, second->path))
		return;
	struct conflict *c = add_conflict(j, second->path, first->by, second->by, PYTHON);
	c->subject = copy_string(second->name);
	c->ours = copy_string(first->version);
	c->theirs = copy_string(second->version);
	c->key = copy_string(first->path);
}

void find_distributions(struct join *j)
{
	struct all_found all = {0};
	find_new(j, &all);
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), by_distribution);
	find_old(j, &all);
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), by_distribution);
	for (size_t i = 0; i + 1 < all.count; i++) {
		const struct found *a = &all.list[i], *b = &all.list[i + 1];
		if (strcmp(a->folder, b->folder) == 0 && strcmp(a->name, b->name) == 0)
			compare(j, a, b);
	}
	for (size_t i = 0; i < all.count; i++) {
		free(all.list[i].folder);
		free(all.list[i].name);
		free(all.list[i].version);
		free(all.list[i].path);
	}
	free(all.list);
}

// add_lines adds the paths that lines of a file name, up to a separator, in a folder.
static void add_lines(struct table *files, struct tree *tree, const char *file, const char *folder, char separator)
{
	struct text t = {0};
	tree_load(tree, file, MAX_LIST_SIZE, &t);
	char *cursor = t.data;
	for (char *line; t.size && (line = next_line(&cursor, t.data + t.size));) {
		char *end = separator ? strchr(line, separator) : NULL;
		if (end)
			*end = 0;
		char *at = copy_string(folder);
		while (strncmp(line, "../", 3) == 0) {
			char *slash = strrchr(at, '/');
			if (slash)
				*slash = 0;
			line += 3;
		}
		if (strlen(at) + strlen(line) < MAX_PATH) {
			char *path = *line == '/' ? copy_string(line) : join_path(at, line);
			table_set(files, path, "", 0);
			free(path);
		}
		free(at);
	}
	text_free(&t);
}

static void add_debian_files(struct table *files, struct tree *tree, const char *key)
{
	struct text base = {0};
	const char *space = strchr(key, ' ');
	text_format(&base, "/var/lib/dpkg/info/%.*s", (int)strcspn(key, " "), key);
	for (int with_architecture = 0; with_architecture < 2; with_architecture++) {
		struct text list = {0};
		if (with_architecture)
			text_format(&base, ":%s", space ? space + 1 : "");
		text_format(&list, "%s.list", base.data);
		add_lines(files, tree, list.data, "", 0);
		static const char *const kinds[] = {"list", "md5sums", "conffiles", "preinst", "postinst", "prerm", "postrm", "triggers", "shlibs", "symbols", "templates", "config"};
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			list.size = 0;
			text_format(&list, "%s.%s", base.data, kinds[i]);
			table_set(files, list.data, "", 0);
		}
		text_free(&list);
	}
	text_free(&base);
}

static void add_python_files(struct table *files, struct tree *tree, const char *metadata)
{
	char *record = join_path(metadata, "RECORD"), *old = join_path(metadata, "installed-files.txt");
	char *folder = copy_bytes(metadata, (size_t)(strrchr(metadata, '/') - metadata));
	add_lines(files, tree, record, folder, ',');
	add_lines(files, tree, old, metadata, 0);
	free(record);
	free(old);
	free(folder);
}

void leave_out_files(struct join *j)
{
	struct table files = {0};
	for (size_t i = 0; i < j->conflicts; i++) {
		struct conflict *c = &j->conflict[i];
		struct tree *trees[] = {join_tree(j, c->other), join_tree(j, c->layer)};
		for (int k = 0; k < 2; k++) {
			if (c->what == DEBIAN)
				add_debian_files(&files, trees[k], c->key);
			if (c->what == PYTHON)
				add_python_files(&files, trees[k], k ? c->path : c->key);
		}
	}
	size_t left = 0;
	for (size_t i = 0; i < j->conflicts; i++) {
		struct conflict *c = &j->conflict[i];
		if (c->what >= DEBIAN || c->key || !table_find(&files, c->path))
			j->conflict[left++] = *c;
	}
	j->conflicts = left;
	table_free(&files);
}
