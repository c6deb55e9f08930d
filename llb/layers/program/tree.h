// Trees of files that nobody vouches for. A path is absolute in its tree, has no symbolic
// link but perhaps as its last part, and is opened folder by folder: links are never followed.
#ifndef TREE_H
#define TREE_H

#include <sys/stat.h>

#include "digest.h"

enum { MAX_PATH = 4095, MAX_NAME = 255 };

// tree is a folder. One without a folder is empty.
struct tree {
	const char *name; // for messages
	int fd;           // -1: empty
	char *parent;     // the folder that was opened last, and its path
	int parent_fd;
};

struct tree tree_open(const char *name, const char *path);
void tree_close(struct tree *t);

// tree_forget closes the folder that was opened last: its path may be another folder's now.
void tree_forget(struct tree *t);

// tree_parent opens the folder that has a path, and returns where the name in it begins.
// The descriptor is the tree's. It is -1 if there is no such folder.
int tree_parent(struct tree *t, const char *path, const char **name);

// facts are what a path is.
struct facts {
	char kind; // one of "-fldcbps": absent, file, link, folder, devices, FIFO, socket
	unsigned mode, uid, gid;
	long long size;         // of a device: its number
	bool has_content;       // whether content is known
	struct digest content;  // of a file's bytes or a link's target
	bool has_xattrs;        // whether there are any; tree_facts tells it by xattrs
	struct digest xattrs;
};

// tree_stat returns false if the tree has no such path.
bool tree_stat(struct tree *t, const char *path, struct stat *st);

// tree_facts reads what a path is, without the digest of its content.
struct facts tree_facts(struct tree *t, const char *path);

// tree_content adds the digest of the content, if there is none yet.
void tree_content(struct tree *t, const char *path, struct facts *f);

// tree_read opens a file to be read. It fails if there is none, or another thing.
int tree_read(struct tree *t, const char *path);

// tree_link returns a link's target, to be freed.
char *tree_link(struct tree *t, const char *path);

// tree_load reads a whole file, of at most max bytes. It returns false if there is none.
bool tree_load(struct tree *t, const char *path, size_t max, struct text *to);

// tree_names returns the sorted names in a folder. They are freed with names_free. A path
// that is no folder has none.
struct names {
	char **name;
	size_t count, room;
};

struct names tree_names(struct tree *t, const char *path);
bool names_has(const struct names *n, const char *name);
void names_free(struct names *n);

// read_full reads until n bytes or the end of the file.
size_t read_full(int fd, void *to, size_t n, const char *tree, const char *path);

// join_path returns the path of a name in a folder, to be freed.
char *join_path(const char *folder, const char *name);

// valid_path tells whether a path may be looked up: absolute, without empty parts, . and ..
bool valid_path(const char *path);

bool same_content(const struct facts *a, const struct facts *b);
bool same_owner_and_mode(const struct facts *a, const struct facts *b);

// facts as a word: kind,mode,uid,gid,size,content,xattrs or -
void facts_print(struct text *to, const struct facts *f);
bool facts_read(char *word, struct facts *f);

#endif
