// The links of alternatives, as update-alternatives sets them.
#include <stdlib.h>
#include <string.h>

#include "join.h"

static bool exists(struct join *j, const char *path)
{
	char *found = find_in_root(j, path);
	free(found);
	return found;
}

// set_link makes a path a link, or removes the link that it is if there is no target. What
// is no link stays: update-alternatives leaves it alone, too.
static void set_link(struct join *j, const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');
	if (!slash || !slash[1] || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
		return;
	char *parent = copy_bytes(path, (size_t)(slash - path)), *folder = find_in_root(j, parent);
	free(parent);
	if (!folder)
		return;
	char *link = join_path(folder, slash + 1);
	struct facts f = tree_facts(&j->root, link);
	char *old = f.kind == 'l' ? tree_link(&j->root, link) : NULL;
	bool wrong = target ? !old || strcmp(old, target) != 0 : old != NULL;
	if (wrong && (f.kind == 'l' || f.kind == '-')) {
		struct task t = {.kind = target ? TASK_WRITE : TASK_REMOVE, .path = link};
		t.version = (struct version){.facts = {.kind = 'l', .mode = 0777}, .owner_from = START};
		if (target)
			text_string(&t.version.made, target);
		do_task(j, &t);
		text_free(&t.version.made);
	}
	free(old);
	free(link);
	free(folder);
}

// best returns the choice with the highest priority, the first by path of equal ones. One
// whose file is missing counts only if all are.
static const struct entry *best(struct join *j, const struct table *t)
{
	const struct entry *best = NULL;
	long best_priority = 0;
	bool best_exists = false;
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entry[i];
		if (!e->value || strncmp(e->key, "choice ", 7) != 0)
			continue;
		long priority = strtol(e->value, NULL, 10);
		bool is_there = exists(j, e->key + 7);
		bool equal = best && is_there == best_exists && priority == best_priority && strcmp(e->key, best->key) < 0;
		if (!best || is_there > best_exists || (is_there == best_exists && priority > best_priority) || equal) {
			best = e;
			best_priority = priority;
			best_exists = is_there;
		}
	}
	return best;
}

static const struct entry *chosen(struct join *j, const struct table *t, const struct entry *status)
{
	static const char manual[] = "manual ";
	const struct entry *by_hand = NULL;
	if (status && status->value && strncmp(status->value, manual, sizeof(manual) - 1) == 0) {
		struct text key = {0};
		text_format(&key, "choice %s", status->value + sizeof(manual) - 1);
		by_hand = table_find(t, key.data);
		text_free(&key);
	}
	return by_hand && by_hand->value ? by_hand : best(j, t);
}

static void set_slave(struct join *j, const struct entry *slave, const struct entry *choice)
{
	const char *name = slave->key + strlen("slave ");
	char *path = slave_of(choice->value, name);
	bool has = *path && exists(j, path);
	if (name[0] && !strchr(name, '/')) {
		char *link = join_path("/etc/alternatives", name);
		set_link(j, link, has ? path : NULL);
		set_link(j, slave->value, has ? link : NULL);
		free(link);
	}
	free(path);
}

static void set_choice(struct join *j, const struct choice *c)
{
	const struct entry *status = table_find(&c->table, "status"), *link = table_find(&c->table, "link");
	const struct entry *choice = chosen(j, &c->table, status);
	if (!choice || !link || !link->value || table_find(&c->table, "text"))
		return;
	char *middle = join_path("/etc/alternatives", c->name);
	set_link(j, middle, choice->key + strlen("choice "));
	set_link(j, link->value, middle);
	free(middle);
	for (size_t i = 0; i < c->table.count; i++)
		if (c->table.entry[i].value && strncmp(c->table.entry[i].key, "slave ", 6) == 0)
			set_slave(j, &c->table.entry[i], choice);
}

void set_choices(struct join *j)
{
	for (size_t i = 0; i < j->choices; i++)
		set_choice(j, &j->choice[i]);
}
