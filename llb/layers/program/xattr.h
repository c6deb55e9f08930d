// Extended attributes, such as capabilities and access control lists. Those of overlay file
// systems and of SELinux belong to the machine, and not to the file.
#ifndef XATTR_H
#define XATTR_H

#include "tree.h"

struct xattr {
	char *name;
	struct text value;
};

struct xattrs {
	struct xattr *list; // sorted by name
	size_t count, room;
};

struct xattrs xattrs_of(struct tree *t, const char *path);
struct digest xattrs_digest(const struct xattrs *x);
void xattrs_free(struct xattrs *x);

// proc_path is a name for an open folder's entry that calls without a descriptor of the
// folder take. It is freed by the caller.
char *proc_path(int folder, const char *name);

#endif
