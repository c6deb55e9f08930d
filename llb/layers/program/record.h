// The record of a layer: what a copy of the difference that a package made has lost. It is
// the folder /usr/share/jetkit/layers/NAME of the layer, with these files of lines. Paths
// and other words are percent-encoded (base.h), so that a line has words with single spaces
// between them whatever names there are.
//
//   changes   jetkit-layer 1
//             PATH NOW WAS [append]     for each path of the difference, folders before what
//                                       is in them: what the package made of it, and what it
//                                       was before, or -. "append": a file's new content is
//                                       the old one and more.
//             PATH - WAS                for each path that the package removed, one in a
//                                       folder after the folder
//   keys      what the package did to lists, see keyed.h
//   seen      what it saw besides, see seen.h
//
// NOW and WAS are KIND,MODE,UID,GID,SIZE,CONTENT,XATTRS. KIND is f (file), l (link), d
// (folder), c or b (device), p (FIFO) or s (socket). SIZE is a device's number. CONTENT is
// the digest of a file's bytes or of a link's target, as `b2sum -l 256` prints it; only WAS
// has it, and only if it is not that of NOW. XATTRS is the digest of the extended
// attributes, or empty if there are none.
#ifndef RECORD_H
#define RECORD_H

#include "rules.h"
#include "tree.h"

#define RECORDS "/usr/share/jetkit/layers"
#define RECORD_HEADING "jetkit-layer 1"

struct change {
	char *path;
	struct facts now, was;
	unsigned uid, gid; // of now, as the layer's tree has them: a join may renumber now
	bool append;
};

// change_keeps_content tells whether the package left the content as it was.
bool change_keeps_content(const struct change *c);

struct changes {
	struct change *list;
	size_t count, room;
};

void changes_add(struct changes *to, struct change c);

// changes_print writes the file of changes, and changes_read reads it: whoever has the name
// is told of what is wrong.
void changes_print(struct text *to, const struct changes *c);
struct changes changes_read(struct text *from, const char *name);
void changes_free(struct changes *c);

// record compares a package's difference with what was before, and writes the record.
void record(const struct rules *rules, struct tree *before, struct tree *after, struct tree *diff, struct tree *out);

#endif
