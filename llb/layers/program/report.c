#include "join.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10 };

static const char *const differences[DIFFERENCES] = {
	[BOTH_ADD] = "both add it, with different contents",
	[BOTH_CHANGE] = "both change it, differently",
	[ADD_KIND] = "one makes a folder of it, and the other does not",
	[REMOVES] = "%2$s removes what %1$s adds or changes",
	[CHANGES] = "%2$s changes what %1$s removes",
	[OWNER] = "they give it different modes, owners or attributes",
	[FILL_FOLDER] = "one puts files into a folder that the other replaces",
};

static const char *name_of(struct join *j, int layer)
{
	return layer == START ? "what was before" : j->layer[layer].name;
}

static int by_pair(const void *a, const void *b)
{
	const struct conflict *x = a, *y = b;
	if (x->layer != y->layer)
		return x->layer - y->layer;
	if (x->other != y->other)
		return x->other - y->other;
	if (x->what != y->what)
		return (int)x->what - (int)y->what;
	return strcmp(x->path, y->path);
}

static void report_paths(struct text *to, const struct conflict *c, size_t n)
{
	for (size_t i = 0; i < n && i < SHOWN; i++) {
		text_string(to, "    ");
		text_readable(to, c[i].path);
		text_string(to, "\n");
	}
	if (n > SHOWN)
		text_format(to, "    and %zu more\n", n - SHOWN);
}

static void report_pair(struct join *j, struct text *to, const struct conflict *c, size_t n)
{
	const char *first = name_of(j, c->other), *second = name_of(j, c->layer);
	text_format(to, "%s and %s do not fit together:\n", first, second);
	for (size_t i = 0, m; i < n; i += m) {
		for (m = 1; i + m < n && c[i + m].what == c[i].what; m++)
			;
		text_string(to, "  ");
		text_format(to, differences[c[i].what], first, second);
		text_string(to, ":\n");
		report_paths(to, c + i, m);
	}
}

void conflict_report(struct join *j, struct text *to)
{
	if (!j->conflicts)
		return;
	qsort(j->conflict, j->conflicts, sizeof(*j->conflict), by_pair);
	for (size_t i = 0, n; i < j->conflicts; i += n) {
		const struct conflict *c = &j->conflict[i];
		for (n = 1; i + n < j->conflicts && c[n].layer == c->layer && c[n].other == c->other; n++)
			;
		report_pair(j, to, c, n);
	}
}
