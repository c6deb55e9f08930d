// Joins layers: a 3-way merge of each path that several have, as git does it. The base is
// what the package saw, ours what there is so far, and theirs the package's layer.
#ifndef JOIN_H
#define JOIN_H

#include "keyed.h"
#include "record.h"
#include "seen.h"

enum { START = -1 }; // the tree before the layers; layers are numbers from 0

struct layer {
	char *folder; // the name of its folder of records
	char *name;   // the package's name, for people
	struct tree tree;
	struct changes changes;
	struct keys keys;
	struct seen seen;
};

// layer_load reads a layer's record from a tree.
struct layer layer_load(const char *folder, const char *name, struct tree *tree);

// version is what a path is at one time of the join.
struct version {
	struct facts facts;
	// pieces are where the content comes from: each from an offset to the end. There are
	// none of text that the join made.
	struct piece {
		int source;
		long long from;
	} *piece;
	size_t pieces, room;
	struct text made;
	int owner_from;           // whose times and extended attributes these are
	int content_by, owner_by; // who changed it last
};

enum difference {
	BOTH_ADD,     // with different contents
	BOTH_CHANGE,  // differently
	ADD_KIND,     // one adds a folder, the other something else
	REMOVES,      // the later one removes what the other changes
	CHANGES,      // the later one changes what the other removes
	OWNER,        // mode or owner or attributes
	FILL_FOLDER,  // one puts something into a folder that the other replaces
	DEBIAN,       // one Debian package in two versions
	PYTHON,       // one Python distribution in two versions
	ALTERNATIVE,  // one alternative set by hand to two things
	DIFFERENCES
};

struct conflict {
	char *path, *key; // key: of an entry in a list, or NULL
	int other, layer;
	const char *other_name; // for people
	enum difference what;
	char *subject, *ours, *theirs; // of the last three: its name, and what each has
};

enum task_kind { TASK_REMOVE, TASK_WRITE, TASK_OWNER };

// task is what is to be done to the merged root.
struct task {
	enum task_kind kind;
	char *path;
	struct version version;
};

// command is to make paths anew.
struct command {
	char **word; // ends with NULL
	const char *otherwise;
	char *path;
};

// choice is a merged file of update-alternatives, whose links are to be set.
struct choice {
	char *name;
	struct table table;
};

struct join {
	const struct rules *rules;
	struct tree start, root;
	struct layer *layer;
	size_t layers, layers_room;
	struct table installed; // Debian packages: who has them first
	struct layer *earlier;  // what start has records of, see load_earlier
	size_t earliers, earliers_room;
	bool earlier_loaded;

	struct conflict *conflict;
	size_t conflicts, conflicts_room;
	struct task *task;
	size_t tasks, tasks_room;
	struct command *command;
	size_t commands, commands_room;
	struct choice *choice;
	size_t choices, choices_room;
};

struct tree *join_tree(struct join *j, int source);

// load_earlier reads the records in start, if nobody did.
void load_earlier(struct join *j);

// add_conflict returns the conflict until the next one is added.
struct conflict *add_conflict(struct join *j, const char *path, int other, int layer, enum difference what);

// renumber gives each user and group of the layers a number of its own, says so on stdout,
// and changes the layers' records, as if their packages had given these numbers.
void renumber(struct join *j);

// merge_changes compares all changes of all layers. It finds tasks and conflicts and
// changes nothing.
void merge_changes(struct join *j);

// merge_list joins what layers did to a list into a version. gone tells that the last of
// them removed it, which it stays if nothing is left in it.
void merge_list(struct join *j, const struct rule *rule, const char *path, const int *layer, size_t layers, struct version *v, bool gone);

// find_distributions looks for Python distributions that layers bring in two versions, and
// leave_out_files takes away conflicts about files of packages in two versions.
void find_distributions(struct join *j);
void leave_out_files(struct join *j);

// add_command has a path made anew by its rule's command. It returns false if the image has
// no such program.
bool add_command(struct join *j, const struct rule *rule, const char *path);

// find_stale has what a program made of less than the packages have for it made anew.
void find_stale(struct join *j);

// filled returns a word in which {dir} is the path's folder, and {path} the path.
char *filled(const char *word, const char *path);

// is_removed tells whether the join removes a path.
bool is_removed(struct join *j, const char *path);

// do_tasks changes the root, set_choices sets links of alternatives, and run_commands runs
// what makes files anew.
void do_tasks(struct join *j);
void do_task(struct join *j, const struct task *t);
void set_choices(struct join *j);
void run_commands(struct join *j);

// find_in_root follows links in the root as its own processes do. It returns the physical
// path, to be freed, or NULL if there is no such file.
char *find_in_root(struct join *j, const char *path);

// name_others gives each conflict the name of the other package: that of an earlier layer,
// or that of the record in start which tells of the change.
extern const char base_image[]; // stands for a package where no package made the change
void name_others(struct join *j);

// conflict_report writes for people what does not fit together and what helps, and
// conflict_names no more than which packages.
void conflict_report(struct join *j, struct text *to);
void conflict_names(struct join *j, struct text *to);

#endif
