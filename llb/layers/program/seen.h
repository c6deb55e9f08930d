// What a package saw, as far as its changes do not tell: the file "seen" of its record.
//
//   user NUMBER NAME, group NUMBER NAME   the names of numbers that the layer uses
//   python PATH                           the metadata of a Python distribution of which the
//                                         layer adds another version, and which stays
#ifndef SEEN_H
#define SEEN_H

#include "keyed.h"
#include "record.h"

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"

enum seen_kind { SEEN_USER, SEEN_GROUP, SEEN_PYTHON };

struct seen {
	struct sight {
		enum seen_kind kind;
		unsigned number;
		char *name; // or path
	} *list;
	size_t count, room;
};

// seen_collect finds in the file system after a package what its record needs.
void seen_collect(struct seen *s, struct tree *after, const struct changes *changes, const struct keys *keys);

void seen_print(struct text *to, const struct seen *s);
struct seen seen_read(struct text *from, const char *name);
void seen_free(struct seen *s);

// python_distribution takes a path of a distribution's metadata apart: NAME-VERSION.dist-info
// or .egg-info in a folder of packages, or a file in it. The name is normalised as PEP 503
// says; both are to be freed. length is of the path up to the metadata's folder.
bool python_distribution(const char *path, char **name, char **version, size_t *length);

#endif
