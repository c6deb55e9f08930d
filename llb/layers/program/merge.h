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

bool has_item(const struct items *items, const char *path);
void add_piece(struct version *v, int source, long long from);
// is_content tells whether a version has the content of f, which knows its own if it needs to.
bool is_content(struct join *j, const char *path, struct version *v, const struct facts *f);

// begins_with tells whether a version has the content of f as its beginning.
bool begins_with(struct join *j, const char *path, const struct version *v, const struct facts *f);

// append puts a layer's file, from an offset on, behind ours.
void append(struct version *ours, const struct item *it, long long from);

// unite puts the lines of a layer's file that ours has not behind ours.
void unite(struct join *j, struct version *ours, const struct item *it);

void add_task(struct join *j, enum task_kind kind, const char *path, struct version v);

// replaced are paths that are a folder in one layer and another thing in another one.
struct replaced {
	struct replacement {
		const char *path;
		int by; // the layer that has another thing
	} *list;
	size_t count, room;
	struct table paths; // finds them
};

void add_replaced(struct replaced *r, const char *path, int by);
bool below_replaced(const struct replaced *r, const char *path);

// restore_hidden has all written again that is in folders which a later layer's file hid.
void restore_hidden(struct join *j, const struct items *items, const struct replaced *hidden);

// check_replaced looks for what others put into folders that a layer replaced.
void check_replaced(struct join *j, const struct items *items, const struct replaced *replaced);

#endif
