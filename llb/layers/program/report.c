#include "join.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10 };

// Each of these stands before a list of paths. A %s is the name of the other package, and
// the second one that of the later package.
static const char *const differences[DIFFERENCES] = {
	[BOTH_ADD] = "both add, with different contents",
	[BOTH_CHANGE] = "both change, in different ways",
	[ADD_KIND] = "one makes a folder of it, the other makes something else of it",
	[REMOVES] = "%1$s changes, %2$s removes",
	[CHANGES] = "%1$s removes, %2$s changes",
	[OWNER] = "they give different modes, owners or extended attributes",
	[FILL_FOLDER] = "one puts something into a folder that the other replaces by something else",
	[DEBIAN] = "one Debian package in two versions",
	[PYTHON] = "one Python distribution in two versions",
	[ALTERNATIVE] = "one alternative set by hand to two things",
};

static int by_pair(const void *a, const void *b)
{
	const struct conflict *x = a, *y = b;
	if (x->layer != y->layer)
		return x->layer - y->layer;
	if (x->other != y->other)
		return x->other - y->other;
	int order = strcmp(x->other_name, y->other_name);
	if (order || x->what != y->what)
		return order ? order : (int)x->what - (int)y->what;
	order = strcmp(x->path, y->path);
	return order || !x->key || !y->key ? order : strcmp(x->key, y->key);
}

static bool same_pair(const struct conflict *x, const struct conflict *y)
{
	return x->layer == y->layer && strcmp(x->other_name, y->other_name) == 0;
}

static void report_subject(struct join *j, struct text *to, const struct conflict *c)
{
	const char *ours = c->ours ? c->ours : "none", *theirs = c->theirs ? c->theirs : "none";
	text_readable(to, c->subject);
	text_string(to, ": ");
	text_readable(to, ours);
	text_format(to, " (%s), ", c->other_name);
	text_readable(to, theirs);
	text_format(to, " (%s)", j->layer[c->layer].name);
}

static void report_path(struct join *j, struct text *to, const struct conflict *c)
{
	text_string(to, "    ");
	if (c->subject) {
		report_subject(j, to, c);
	} else {
		text_readable(to, c->path);
		if (c->key) {
			text_string(to, " (");
			text_readable(to, c->key);
			text_string(to, ")");
		}
	}
	text_string(to, "\n");
}

static void report_names(struct join *j, struct text *to, const struct conflict *c, const char *end)
{
	text_format(to, "%s and %s do not fit together%s", c->other_name, j->layer[c->layer].name, end);
}

// report_pair reports conflicts of two packages, which are sorted by what differs.
static void report_pair(struct join *j, struct text *to, const struct conflict *c, size_t n)
{
	const char *first = c->other_name, *second = j->layer[c->layer].name;
	report_names(j, to, c, ":\n");
	for (size_t i = 0, m; i < n; i += m) {
		for (m = 1; i + m < n && c[i + m].what == c[i].what; m++)
			;
		text_string(to, "  ");
		text_format(to, differences[c[i].what], first, second);
		text_string(to, ":\n");
		for (size_t k = i; k < i + m && k < i + SHOWN; k++)
			report_path(j, to, &c[k]);
		if (m > SHOWN)
			text_format(to, "    and %zu more\n", m - SHOWN);
	}
}

// later_names lists the packages that come later in a conflict.
static void later_names(struct join *j, struct text *to)
{
	int last = START;
	for (size_t i = 0; i < j->conflicts; i++) { // sorted by layer
		if (j->conflict[i].layer == last)
			continue;
		last = j->conflict[i].layer;
		text_format(to, "%s%s", to->size ? ", " : "", j->layer[last].name);
	}
}

static void report_fixes(struct join *j, struct text *to)
{
	struct text later = {0};
	bool one_pair = true, debian = false;
	for (size_t i = 0; i < j->conflicts; i++) {
		one_pair = one_pair && same_pair(&j->conflict[0], &j->conflict[i]);
		debian = debian || j->conflict[i].what == DEBIAN;
	}
	later_names(j, &later);
	text_string(to, "Neither needs the other, so that each was built without the other. One of these helps:\n");
	if (debian)
		text_string(to, "- build them anew, so that apt installs one version for all: --no-cache-filter\n");
	if (one_pair && strcmp(j->conflict[0].other_name, base_image) != 0)
		text_format(to, "- if one uses the other, say so: depends: %s in the metadata of %s, or the reverse\n", j->conflict[0].other_name, later.data);
	else
		text_string(to, "- if one uses the other, say so: a depends in its metadata\n");
	text_string(to, "- choose versions that fit together: packages and depends may name one, as in numpy:1.26\n");
	text_format(to, "- layers: {chain: [%s]} in jetson.yaml, which builds %s after all packages before it\n", later.data, later.data);
	text_format(to, "- layers: {conflicts: warn} in jetson.yaml, which takes the files of %s\n", later.data);
	text_free(&later);
}

// pair_count returns how many conflicts from the i-th on, which are sorted, are of its two packages.
static size_t pair_count(struct join *j, size_t i)
{
	size_t n = 1;
	while (i + n < j->conflicts && same_pair(&j->conflict[i], &j->conflict[i + n]))
		n++;
	return n;
}

static void sort_conflicts(struct join *j)
{
	if (j->conflicts)
		qsort(j->conflict, j->conflicts, sizeof(*j->conflict), by_pair);
}

void conflict_names(struct join *j, struct text *to)
{
	sort_conflicts(j);
	for (size_t i = 0; i < j->conflicts; i += pair_count(j, i))
		report_names(j, to, &j->conflict[i], "\n");
}

void conflict_report(struct join *j, struct text *to)
{
	sort_conflicts(j);
	for (size_t i = 0, n; i < j->conflicts; i += n) {
		n = pair_count(j, i);
		report_pair(j, to, &j->conflict[i], n);
	}
	if (j->conflicts)
		report_fixes(j, to);
}
