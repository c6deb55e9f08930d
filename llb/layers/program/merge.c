#include "merge.h"

#include <stdlib.h>
#include <string.h>

struct tree *join_tree(struct join *j, int source)
{
	return source == START ? &j->start : &j->layer[source].tree;
}

struct conflict *add_conflict(struct join *j, const char *path, int other, int layer, enum difference what)
{
	j->conflict = grow(j->conflict, &j->conflicts_room, j->conflicts + 1, sizeof(*j->conflict));
	j->conflict[j->conflicts] = (struct conflict){.path = copy_string(path), .other = other, .layer = layer, .what = what};
	return &j->conflict[j->conflicts++];
}

void add_task(struct join *j, enum task_kind kind, const char *path, struct version v)
{
	j->task = grow(j->task, &j->tasks_room, j->tasks + 1, sizeof(*j->task));
	j->task[j->tasks++] = (struct task){kind, copy_string(path), v};
}

static int by_path(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->change->path, y->change->path);
	return order ? order : x->layer - y->layer;
}

static struct items sorted_items(struct join *j)
{
	struct items items = {0};
	size_t all = 0;
	for (size_t i = 0; i < j->layers; i++)
		all += j->layer[i].changes.count;
	items.list = allocate(all, sizeof(*items.list));
	for (size_t i = 0; i < j->layers; i++)
		for (size_t k = 0; k < j->layer[i].changes.count; k++)
			items.list[items.count++] = (struct item){&j->layer[i].changes.list[k], (int)i};
	qsort(items.list, items.count, sizeof(*items.list), by_path);
	return items;
}

static void take_content(struct version *ours, const struct item *it)
{
	struct facts old = ours->facts;
	ours->facts = it->change->now;
	ours->facts.mode = old.mode;
	ours->facts.uid = old.uid;
	ours->facts.gid = old.gid;
	ours->facts.has_xattrs = old.has_xattrs;
	ours->facts.xattrs = old.xattrs;
	ours->pieces = 0;
	text_free(&ours->made);
	ours->content_by = it->layer;
	if (it->change->now.kind != '-')
		add_piece(ours, it->layer, 0);
}

static void take_owner(struct version *ours, const struct item *it)
{
	const struct facts *now = &it->change->now;
	ours->facts.mode = now->mode;
	ours->facts.uid = now->uid;
	ours->facts.gid = now->gid;
	ours->facts.has_xattrs = now->has_xattrs;
	ours->facts.xattrs = now->xattrs;
	ours->owner_from = it->layer;
	ours->owner_by = it->layer;
}

static enum difference difference_of(const struct version *ours, const struct change *c)
{
	if (c->now.kind == '-')
		return REMOVES;
	if (ours->facts.kind == '-')
		return CHANGES;
	if (ours->facts.kind != c->now.kind && (ours->facts.kind == 'd' || c->now.kind == 'd'))
		return ADD_KIND;
	return c->was.kind == '-' ? BOTH_ADD : BOTH_CHANGE;
}

// merge_by_rule applies what a layer does to a path that is not what the package saw.
static bool merge_by_rule(struct join *j, struct version *ours, const struct item *it)
{
	const struct change *c = it->change;
	const struct rule *rule = rules_find(j->rules, c->path);
	enum rule_kind kind = rule ? rule->kind : RULE_PLAIN;
	bool files = ours->facts.kind == 'f' && c->now.kind == 'f';
	if (kind == RULE_CONCAT && files) {
		append(ours, it, 0);
		return false;
	}
	if (kind == RULE_UNION && files) {
		unite(j, ours, it);
		return false;
	}
	if (kind == RULE_UNION && rule->arguments && (c->now.kind == '-' || ours->facts.kind == '-')) { // what one removed stays removed
		if (c->now.kind == '-')
			take_content(ours, it);
		return c->now.kind == '-';
	}
	if (kind == RULE_RUN && !files && add_command(j, rule, c->path)) // one removed what the program makes anew
		kind = RULE_EITHER;
	if (kind == RULE_RUN && files && (add_command(j, rule, c->path) || strcmp(rule->argument[0], "either") == 0))
		kind = RULE_EITHER;
	if (kind == RULE_RUN && files && strcmp(rule->argument[0], "drop") == 0) {
		ours->facts.kind = '-';
		return false;
	}
	if (kind != RULE_EITHER && kind != RULE_DROP)
		add_conflict(j, c->path, ours->content_by, it->layer, difference_of(ours, c));
	take_content(ours, it);
	return true;
}

// keep_content takes ours from a layer that has the same in its own copy, so that nothing
// is written, and links to it in the layer stay.
static void keep_content(struct join *j, struct version *ours, const struct item *it)
{
	struct facts theirs = it->change->now;
	if (theirs.kind != ours->facts.kind || theirs.size != ours->facts.size)
		return;
	tree_content(&j->layer[it->layer].tree, it->change->path, &theirs);
	if (!is_content(j, it->change->path, ours, &theirs))
		return;
	ours->pieces = 0;
	text_free(&ours->made);
	add_piece(ours, it->layer, 0);
}

// merge_content applies what a layer does to a path's content, and tells whether the path
// is the layer's now.
static bool merge_content(struct join *j, struct version *ours, const struct item *it)
{
	const struct change *c = it->change;
	if (change_keeps_content(c)) {
		keep_content(j, ours, it);
		return false;
	}
	if (is_content(j, c->path, ours, &c->was)) {
		take_content(ours, it);
		return true;
	}
	struct facts theirs = c->now;
	if (theirs.kind == ours->facts.kind && theirs.size == ours->facts.size) {
		tree_content(&j->layer[it->layer].tree, c->path, &theirs);
		if (is_content(j, c->path, ours, &theirs))
			return false;
	}
	if (c->append && begins_with(j, c->path, ours, &c->was)) {
		append(ours, it, c->was.size);
		return false;
	}
	return merge_by_rule(j, ours, it);
}

static void merge_owner(struct join *j, struct version *ours, const struct item *it)
{
	const struct change *c = it->change;
	if (c->was.kind != '-' && same_owner_and_mode(&c->now, &c->was))
		return;
	if (same_owner_and_mode(&ours->facts, &c->now))
		return;
	enum rule_kind kind = rules_kind(j->rules, c->path);
	if ((c->was.kind == '-' || !same_owner_and_mode(&ours->facts, &c->was)) && kind != RULE_EITHER)
		add_conflict(j, c->path, ours->owner_by, it->layer, OWNER);
	take_owner(ours, it);
}

static void merge_item(struct join *j, struct version *ours, const struct item *it)
{
	const struct change *c = it->change;
	char before = ours->facts.kind;
	size_t conflicts = j->conflicts;
	bool taken = merge_content(j, ours, it);
	if (ours->facts.kind == '-' || c->now.kind == '-')
		return;
	if (taken && (before != c->now.kind || j->conflicts > conflicts))
		take_owner(ours, it); // another thing than before, or one of which is said enough
	else
		merge_owner(j, ours, it);
}

// merging is what one pass over all paths finds out about folders.
struct merging {
	struct replaced hidden;   // a folder that a later layer's file hides
	struct replaced replaced; // a file where some layer has a folder
	bool is_list;             // whether the path is a list, which layers have not
};

// plan_task compares what a path is to be with what the merge made of it: the last layer's
// that has it.
static void plan_task(struct join *j, struct merging *m, const struct item *it, size_t items, const struct facts *at_start, struct version *v)
{
	int top = START;
	struct facts is = *at_start;
	for (size_t i = items; i-- > 0 && top == START && !m->is_list;)
		if (it[i].change->now.kind != '-') {
			top = it[i].layer;
			is = it[i].change->now;
			is.uid = it[i].change->uid;
			is.gid = it[i].change->gid;
		}
	const char *path = it->change->path;
	if (v->facts.kind == '-') {
		if (is.kind != '-')
			add_task(j, TASK_REMOVE, path, *v);
		return;
	}
	bool folder = v->facts.kind == 'd' && is.kind == 'd', hidden = below_replaced(&m->hidden, path);
	if (v->facts.kind == 'd' && is.kind != 'd')
		add_replaced(&m->hidden, path, top);
	if (hidden || (!folder && (v->pieces != 1 || v->piece->source != top || v->piece->from)))
		add_task(j, TASK_WRITE, path, *v);
	else if (!same_owner_and_mode(&v->facts, &is))
		add_task(j, TASK_OWNER, path, *v);
}

// is_replaced tells whether a path is no folder any more where some layer or start has one.
static bool is_replaced(const struct version *v, const struct item *it, size_t items, const struct facts *at_start)
{
	if (v->facts.kind == '-' || v->facts.kind == 'd')
		return false;
	bool folder = at_start->kind == 'd';
	for (size_t i = 0; i < items; i++)
		folder = folder || it[i].change->now.kind == 'd';
	return folder;
}

static bool is_list(struct join *j, const struct item *it, size_t items)
{
	const struct rule *rule = NULL;
	for (size_t i = 0; i < items && !rule; i++)
		if (keys_of(&j->layer[it[i].layer].keys, it[i].change->path))
			rule = rules_find(j->rules, it[i].change->path);
	return rule && rule->kind == RULE_KEYED;
}

static void merge_keyed(struct join *j, const struct item *it, size_t items, struct version *v)
{
	const char *path = it->change->path;
	const struct rule *rule = rules_find(j->rules, path);
	int *layer = allocate(items, sizeof(*layer));
	bool gone = v->facts.kind == '-';
	for (size_t i = 0; i < items; i++) {
		const struct change *c = it[i].change;
		layer[i] = it[i].layer;
		gone = c->now.kind == '-';
		if (!gone && v->facts.kind == '-') {
			v->facts = c->now;
			take_owner(v, &it[i]);
		} else if (!gone) {
			merge_owner(j, v, &it[i]);
		}
	}
	merge_list(j, rule, path, layer, items, v, gone);
	free(layer);
}

static void merge_path(struct join *j, struct merging *m, const struct item *it, size_t items)
{
	struct version v = {.owner_from = START, .content_by = START, .owner_by = START};
	const char *path = it->change->path;
	v.facts = tree_facts(&j->start, path);
	struct facts at_start = v.facts;
	if (v.facts.kind != '-')
		add_piece(&v, START, 0);
	m->is_list = is_list(j, it, items);
	if (m->is_list)
		merge_keyed(j, it, items, &v);
	for (size_t i = 0; i < items && !m->is_list; i++)
		merge_item(j, &v, &it[i]);
	if (is_replaced(&v, it, items, &at_start) && v.content_by != START)
		add_replaced(&m->replaced, path, v.content_by);
	size_t tasks = j->tasks;
	plan_task(j, m, it, items, &at_start, &v);
	if (j->tasks == tasks)
		free(v.piece);
}

// merge_manual joins apt's list where no layer changed it, but may have installed by hand
// what is in it.
static void merge_manual(struct join *j, const struct items *items)
{
	for (size_t i = 0; i < j->rules->count; i++) {
		const struct rule *r = &j->rules->list[i];
		bool manual = r->kind == RULE_KEYED && strcmp(r->argument[r->arguments - 1], "manual") == 0;
		struct version v = {.facts = {.kind = '-'}, .owner_from = START, .content_by = START, .owner_by = START};
		if (manual && !has_item(items, r->pattern))
			v.facts = tree_facts(&j->start, r->pattern);
		if (v.facts.kind != 'f')
			continue;
		add_piece(&v, START, 0);
		merge_list(j, r, r->pattern, NULL, 0, &v, false);
		if (!v.pieces)
			add_task(j, TASK_WRITE, r->pattern, v);
	}
}

static int by_task_path(const void *a, const void *b)
{
	return strcmp(((const struct task *)a)->path, ((const struct task *)b)->path);
}

void merge_changes(struct join *j)
{
	struct items items = sorted_items(j);
	struct merging m = {0};
	for (size_t i = 0, n; i < items.count; i += n) {
		for (n = 1; i + n < items.count && strcmp(items.list[i + n].change->path, items.list[i].change->path) == 0; n++)
			;
		merge_path(j, &m, &items.list[i], n);
	}
	merge_manual(j, &items);
	check_replaced(j, &items, &m.replaced);
	restore_hidden(j, &items, &m.hidden);
	if (j->tasks)
		qsort(j->task, j->tasks, sizeof(*j->task), by_task_path);
	free(items.list);
	free(m.hidden.list);
	free(m.replaced.list);
	table_free(&m.hidden.paths);
	table_free(&m.replaced.paths);
}
