#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "join.h"

enum { MAX_RECORD_SIZE = 1 << 30 };

static void load(const char *folder, const char *name, struct tree *tree, struct text *to)
{
	char *records = join_path(RECORDS, folder), *file = join_path(records, name);
	to->size = 0;
	if (!tree_load(tree, file, MAX_RECORD_SIZE, to))
		fail("%s has no record %s", tree->name, file);
	if (memchr(to->data, 0, to->size))
		fail("%s has a damaged record %s: build it anew", tree->name, file);
	free(records);
	free(file);
}

struct layer layer_load(const char *folder, const char *name, struct tree *tree)
{
	struct layer l = {.folder = copy_string(folder), .name = copy_string(name)};
	struct text t = {0};
	load(folder, "changes", tree, &t);
	l.changes = changes_read(&t, name);
	load(folder, "keys", tree, &t);
	l.keys = keys_read(&t, name);
	load(folder, "seen", tree, &t);
	l.seen = seen_read(&t, name);
	text_free(&t);
	return l;
}

// is_known tells whether a tree has a record that this program can read. A base image may have
// those of another version.
static bool is_known(const char *folder, struct tree *tree)
{
	static const char first_line[] = RECORD_HEADING "\n";
	char *records = join_path(RECORDS, folder), *changes = join_path(records, "changes"), begin[sizeof(first_line)] = "";
	bool known = tree_facts(tree, changes).kind == 'f';
	if (known) {
		int fd = tree_read(tree, changes);
		read_full(fd, begin, sizeof(begin) - 1, tree->name, changes);
		close(fd);
		known = strcmp(begin, first_line) == 0;
	}
	free(records);
	free(changes);
	return known;
}

void load_earlier(struct join *j)
{
	if (j->earlier_loaded)
		return;
	j->earlier_loaded = true;
	struct names names = tree_names(&j->start, RECORDS);
	for (size_t i = 0; i < names.count; i++) {
		struct text readable = {0};
		char *name = copy_string(names.name[i]);
		if (unescape(name) > 0 && is_known(names.name[i], &j->start)) {
			text_readable(&readable, name);
			j->earlier = grow(j->earlier, &j->earliers_room, j->earliers + 1, sizeof(*j->earlier));
			j->earlier[j->earliers++] = layer_load(names.name[i], readable.data, &j->start);
			text_free(&readable);
		}
		free(name);
	}
	names_free(&names);
}
