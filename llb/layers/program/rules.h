// What to do with paths that several packages change, as data. The file of rules has a line
// for each pattern, of words that are percent-encoded: KIND PATTERN [ARGUMENT …]. The first
// line that matches a path counts. Lines "input PATTERN" behind it say of what a command makes
// the path, with {dir} for its folder. rules.json, from which the file is made, says more.
#ifndef RULES_H
#define RULES_H

#include "base.h"

enum rule_kind {
	RULE_PLAIN,  // as all others: compared
	RULE_SKIP,   // not the image's: the container's own mounts
	RULE_DROP,   // not in a layer: logs, caches, backups
	RULE_EITHER, // the later one is as good
	RULE_CONCAT, // put one behind the other
	RULE_UNION,  // the lines of both; with an argument, what one removed stays removed
	RULE_KEYED,  // a list of entries, see keyed.h
	RULE_RUN,    // made anew by a command of the image
	RULE_KINDS
};

struct rule {
	enum rule_kind kind;
	char *pattern;
	char **argument;
	size_t arguments, room;
	char **input; // patterns
	size_t inputs, inputs_room;
};

struct rules {
	struct rule *list;
	size_t count, room;
};

struct rules rules_read(const char *file);

// rules_find returns the rule of a path, or of a folder above it. It is NULL if there is none.
const struct rule *rules_find(const struct rules *r, const char *path);

// rules_kind returns the kind of a path's rule, which is RULE_PLAIN if there is none.
enum rule_kind rules_kind(const struct rules *r, const char *path);

// glob_matches tells whether a pattern matches a path or a folder above it. In a pattern,
// * and ? stand for what has no slash, ** for anything, and **/ for any folders or none.
bool glob_matches(const char *pattern, const char *path);

#endif
