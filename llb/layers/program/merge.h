// What the parts of the merge share.
#ifndef MERGE_H
#define MERGE_H

#include "join.h"

// item is what a layer does to a path.
struct item {
	const struct change *change;
	int layer;
};

// items are sorted by path and layer.
struct items {
	struct item *list;
	size_t count;
};

void add_piece(struct version *v, int source, long long from);
void add_task(struct join *j, enum task_kind kind, const char *path, struct version v);

// replaced are paths that are a folder in one layer and another thing in another one.
struct replaced {
	struct replacement {
		const char *path;
		int by; // the layer that has another thing
	} *list;
	size_t count, room;
};

void add_replaced(struct replaced *r, const char *path, int by);
bool below_replaced(const struct replaced *r, const char *path);

// restore_hidden has all written again that is in folders which a later layer's file hid.
void restore_hidden(struct join *j, const struct items *items, const struct replaced *hidden);

// check_replaced looks for what others put into folders that a layer replaced.
void check_replaced(struct join *j, const struct items *items, const struct replaced *replaced);

#endif
