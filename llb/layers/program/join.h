// Joins layers: a 3-way merge of each path that several have, as git does it. The base is
// what the package saw, ours what there is so far, and theirs the package's layer.
#ifndef JOIN_H
#define JOIN_H

#include "record.h"

enum { START = -1 }; // the tree before the layers; layers are numbers from 0

struct layer {
	char *folder; // the name of its folder of records
	char *name;   // the package's name, for people
	struct tree tree;
	struct changes changes;
};

// version is what a path is at one time of the join.
struct version {
	struct facts facts;
	// pieces are where the content comes from: each from an offset to the end.
	struct piece {
		int source;
		long long from;
	} *piece;
	size_t pieces, room;
	int owner_from;             // whose times and extended attributes these are
	int content_by, owner_by;   // who changed it last
};

enum difference {
	BOTH_ADD,      // with different contents
	BOTH_CHANGE,   // differently
	ADD_KIND,      // one adds a folder, the other something else
	REMOVES,       // the later one removes what the other changes
	CHANGES,       // the later one changes what the other removes
	OWNER,         // mode or owner or attributes
	FILL_FOLDER,   // one puts something into a folder that the other replaces
	DIFFERENCES
};

struct conflict {
	char *path;
	int other, layer;
	enum difference what;
};

enum task_kind { TASK_REMOVE, TASK_WRITE, TASK_OWNER };

// task is what is to be done to the merged root.
struct task {
	enum task_kind kind;
	char *path;
	struct version version;
};

struct join {
	const struct rules *rules;
	struct tree start, root;
	struct layer *layer;
	size_t layers, layers_room;

	struct conflict *conflict;
	size_t conflicts, conflicts_room;
	struct task *task;
	size_t tasks, tasks_room;
};

struct tree *join_tree(struct join *j, int source);

void add_conflict(struct join *j, const char *path, int other, int layer, enum difference what);

// merge_changes compares all changes of all layers. It finds tasks and conflicts and
// changes nothing.
void merge_changes(struct join *j);

// version_content adds the digest of a version's content to its facts.
void version_content(struct join *j, const char *path, struct version *v);

// do_tasks changes the root.
void do_tasks(struct join *j);

// conflict_report writes for people what does not fit together.
void conflict_report(struct join *j, struct text *to);

#endif
