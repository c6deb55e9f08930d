// Files that programs of the image make of others: those that a package's program made of what
// that package had, and another package has more. In a chain, dpkg would have run the program
// again: the one that was installed later, or its trigger.
#include <stdlib.h>
#include <string.h>

#include "join.h"

// product is a file that is made, or a folder of such files.
struct product {
	const struct rule *rule;
	const char *path;
	char **input; // patterns of what it is made of
};

static bool is_product(struct join *j, const struct product *p, const char *path)
{
	size_t n = strlen(p->path);
	return strncmp(path, p->path, n) == 0 && (!path[n] || path[n] == '/') && rules_find(j->rules, path) == p->rule;
}

static bool is_input(const struct product *p, const char *path)
{
	for (size_t i = 0; i < p->rule->inputs; i++)
		if (glob_matches(p->input[i], path))
			return true;
	return false;
}

// makes is what a package did: whether it made the product, and changed what that is made of.
struct makes {
	bool product, input;
};

static struct makes makes_of(struct join *j, const struct product *p, const struct changes *changes)
{
	struct makes m = {false, false};
	for (size_t i = 0; i < changes->count && !(m.product && m.input); i++) {
		const struct change *c = &changes->list[i];
		if (c->now.kind == 'd' || (c->now.kind == '-' && c->was.kind == 'd') || change_keeps_content(c))
			continue;
		if (is_product(j, p, c->path))
			m.product = true;
		else if (is_input(p, c->path))
			m.input = true;
	}
	return m;
}

// is_stale tells whether somebody changed what a product is made of and did not make it: a
// layer, or, where a layer made it, one of the packages before. The layer may not have seen it.
static bool is_stale(struct join *j, const struct product *p)
{
	bool made = false;
	for (size_t i = 0; i < j->layers; i++) {
		struct makes m = makes_of(j, p, &j->layer[i].changes);
		if (m.input && !m.product)
			return true;
		made = made || m.product;
	}
	if (made)
		load_earlier(j);
	for (size_t i = 0; made && i < j->earliers; i++) {
		struct makes m = makes_of(j, p, &j->earlier[i].changes);
		if (m.input && !m.product)
			return true;
	}
	return false;
}

static void check_product(struct join *j, const struct rule *rule, const char *path)
{
	struct stat st;
	if (!tree_stat(&j->root, path, &st) || is_removed(j, path) || rules_find(j->rules, path) != rule)
		return;
	struct product p = {rule, path, allocate(rule->inputs, sizeof(*p.input))};
	for (size_t i = 0; i < rule->inputs; i++)
		p.input[i] = filled(rule->input[i], path);
	if (is_stale(j, &p))
		add_command(j, rule, path);
	for (size_t i = 0; i < rule->inputs; i++)
		free(p.input[i]);
	free(p.input);
}

// check_products checks all paths of the root that a pattern matches, which begins at a folder.
static void check_products(struct join *j, const struct rule *rule, const char *folder, const char *pattern)
{
	size_t n = strcspn(++pattern, "/");
	char *part = copy_bytes(pattern, n);
	struct names names = {0};
	if (strpbrk(part, "*?")) {
		names = tree_names(&j->root, folder);
	} else {
		names.name = grow(NULL, &names.room, 1, sizeof(*names.name));
		names.name[names.count++] = copy_string(part);
	}
	for (size_t i = 0; i < names.count; i++) {
		if (!glob_matches(part, names.name[i]))
			continue;
		char *path = join_path(folder, names.name[i]);
		if (pattern[n])
			check_products(j, rule, path, pattern + n);
		else
			check_product(j, rule, path);
		free(path);
	}
	names_free(&names);
	free(part);
}

void find_stale(struct join *j)
{
	for (size_t i = 0; i < j->rules->count; i++)
		if (j->rules->list[i].inputs)
			check_products(j, &j->rules->list[i], "", j->rules->list[i].pattern);
}
