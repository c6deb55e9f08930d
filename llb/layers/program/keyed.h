// Files that are lists of entries, each with a key: a user's line, a Debian package's
// stanza. A copy of a package's changes leaves such files out; what the package did to them
// is recorded by key, and joined by key.
//
// A keyed rule's arguments say how to read a file:
//
//   lines                        each line is an entry and its own key
//   vars                         NAME=VALUE lines
//   fields SEPARATOR KEY         lines of fields; KEY is a field's number, or N- for all from N on
//   stanzas FIELD,FIELD          paragraphs of "Field: value" lines
//   triples                      three lines each; the first one is the key
//   alternatives                 one file of update-alternatives
//
// and then what to do with a field that two packages change: FIELD=POLICY for one, *=POLICY
// for the others. Policies are in keyed_policies. "sorted" has the entries sorted by key.
//
// The file "keys" of a record has for each file of the layer
//
//   file PATH
//   entry KEY OLD NEW            for each entry that the package set or removed; - is none
#ifndef KEYED_H
#define KEYED_H

#include "rules.h"
#include "tree.h"

enum { MAX_LIST_SIZE = 1 << 28 };

enum keyed_format { FORMAT_LINES, FORMAT_VARS, FORMAT_FIELDS, FORMAT_STANZAS, FORMAT_TRIPLES, FORMAT_ALTERNATIVES, FORMATS };

enum policy {
	POLICY_CONFLICT, // packages do not fit together
	POLICY_LATER,    // the later one counts
	POLICY_EARLIER,  // the earlier one counts
	POLICY_LIST,     // a list, separated by commas: what either added, without what either removed
	POLICY_USER,     // the number of a user, see numbers.h
	POLICY_GROUP,    // the number of a group
	POLICY_RANGE,    // the first of as many numbers as the next field says, which nobody else has
	POLICY_VERSION,  // of a Debian package: it has one
	POLICY_LEAST,    // the smaller number
	POLICIES
};

struct field_policy {
	const char *field; // * for all others
	enum policy policy;
};

struct format {
	enum keyed_format format;
	char separator;
	long key; // of FORMAT_FIELDS: its number, from 1
	bool key_to_end, sorted;
	bool manual; // packages that are not in the list were installed by hand
	const char *key_fields; // of FORMAT_STANZAS
	struct field_policy *policy;
	size_t policies, room;
};

// format_of reads a rule's arguments.
struct format format_of(const struct rule *rule);
void format_free(struct format *f);
enum policy policy_of(const struct format *f, const char *field);

struct entry {
	char *key, *value; // no value: removed
	int by;            // the layer that set it last
	size_t again;      // how often its key came again in the file
};

// table is the entries of a file in their order, and finds them by key.
struct table {
	struct entry *entry;
	size_t count, room;
	size_t *slot, slots; // numbers of entries + 1
};

// table_read reads entries from a file's text, of which by is the source. Whatever has no
// key of its own has its text as key, so that no text is lost.
void table_read(struct table *t, const struct format *f, struct text *text, int by);
void table_print(struct text *to, const struct format *f, struct table *t);
void table_free(struct table *t);

// table_load reads the entries of a tree's file. There are none if it is no file. A status
// "manual" of alternatives has the choice behind it.
void table_load(struct table *t, const struct format *f, struct tree *tree, const char *path, int by);

struct entry *table_find(const struct table *t, const char *key);
void table_set(struct table *t, const char *key, const char *value, int by);

// field_get returns a copy of an entry's field, or NULL. The fields of fields are numbers;
// those of entries that are no lists of fields are one, with the name "".
char *field_get(const struct format *f, const char *value, const char *field);

// field_names returns the names of all fields of an entry, in order.
struct names field_names(const struct format *f, const char *value);

// field_set replaces a field or adds it, and removes it if there is no new one.
char *field_set(const struct format *f, const char *value, const char *field, const char *new);

// list_merge merges lists 3-way: what was, ours and theirs.
char *list_merge(const struct format *f, const char *was, const char *ours, const char *theirs);

// alternatives_read and alternatives_print are table_read and table_print of FORMAT_ALTERNATIVES.
// Its entries are "status" ("auto", or "manual" and the path), "link", "slave NAME" with its
// link, and "choice PATH" with its priority and a line NAME=PATH for each slave.
void alternatives_read(struct table *t, struct text *text, int by);
void alternatives_print(struct text *to, struct table *t);

// slave_of returns a choice's path of a slave, to be freed: empty if it has none.
char *slave_of(const char *choice, const char *name);

// key_change is what a package did to an entry.
struct key_change {
	char *key, *was, *now; // NULL: there is none
};

struct key_changes {
	char *path;
	struct key_change *list;
	size_t count, room;
};

struct keys {
	struct key_changes *file; // sorted by path
	size_t count, room;
};

// keys_add compares a file's entries and adds what differs.
void keys_add(struct keys *to, const char *path, const struct table *was, const struct table *now);
// keys_sort sorts files by path, so that keys_of finds them.
void keys_sort(struct keys *k);
void keys_print(struct text *to, const struct keys *k);
struct keys keys_read(struct text *from, const char *name);
void keys_free(struct keys *k);
const struct key_changes *keys_of(const struct keys *k, const char *path);

#endif
