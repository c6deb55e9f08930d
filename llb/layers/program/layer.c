#include <stdlib.h>

#include "join.h"

static void load(const char *folder, const char *name, struct tree *tree, struct text *to)
{
	char *records = join_path(RECORDS, folder), *file = join_path(records, name);
	to->size = 0;
	if (!tree_load(tree, file, SIZE_MAX / 4, to))
		fail("%s has no record %s", tree->name, file);
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
