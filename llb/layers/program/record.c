
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seen.h"

// folders are those that are still to be read, the next one last.
struct folders {
	char **path;
	size_t count, room;
};

static void push(struct folders *f, char *path)
{
	f->path = grow(f->path, &f->room, f->count + 1, sizeof(*f->path));
	f->path[f->count++] = path;
}

struct recording {
	const struct rules *rules;
	struct tree *before, *after, *diff;
	struct changes changes;
	struct keys keys;
	struct folders folders;
};

// add_lines records which lines of a file that was there before the package changed.
static void add_lines(struct recording *r, const struct change *c)
{
	struct format lines = {.format = FORMAT_LINES};
	struct table was = {0}, now = {0};
	table_load(&was, &lines, r->before, c->path, 0);
	table_load(&now, &lines, r->after, c->path, 0);
	keys_add(&r->keys, c->path, &was, &now);
	table_free(&was);
	table_free(&now);
}

// add_keys records what the package did to a list.
static void add_keys(struct recording *r, const struct rule *rule, const struct change *c)
{
	if (c->now.kind != 'f' && c->now.kind != '-')
		fail("%s is a list of entries (%s), which the package replaced by something else: "
		     "write layers: {chain: [the package]} in jetson.yaml", c->path, rule->argument[0]);
	struct format f = format_of(rule);
	struct table was = {0}, now = {0};
	table_load(&was, &f, r->before, c->path, 0);
	if (c->now.kind == 'f')
		table_load(&now, &f, r->after, c->path, 0);
	keys_add(&r->keys, c->path, &was, &now);
	table_free(&was);
	table_free(&now);
	format_free(&f);
}

// add_removed records a path that the package removed, with all that is in it.
static void add_removed(struct recording *r, char *path)
{
	struct folders folders = {0};
	for (push(&folders, path); folders.count;) {
		path = folders.path[--folders.count];
		if (rules_kind(r->rules, path) == RULE_SKIP) {
			free(path);
			continue;
		}
		struct change c = {.path = path, .now = {.kind = '-'}, .was = tree_facts(r->before, path)};
		tree_content(r->before, path, &c.was);
		changes_add(&r->changes, c);
		const struct rule *rule = rules_find(r->rules, path);
		if (rule && rule->kind == RULE_KEYED && c.was.kind == 'f')
			add_keys(r, rule, &c);
		if (c.was.kind != 'd')
			continue;
		struct names names = tree_names(r->before, path);
		for (size_t i = names.count; i-- > 0;)
			push(&folders, join_path(path, names.name[i]));
		names_free(&names);
	}
	free(folders.path);
}

// compare_files reads a file before and in the difference at once. It records the old
// content's digest if the new one differs, and whether the new one begins with the old one.
static void compare_files(struct recording *r, struct change *c)
{
	enum { PART = 1 << 16 };
	char *parts = allocate(2, PART);
	int old = tree_read(r->before, c->path), new = tree_read(r->diff, c->path);
	struct hashing h;
	bool begins = c->now.size >= c->was.size;
	hash_begin(&h);
	for (size_t n; (n = read_full(old, parts, PART, r->before->name, c->path)) > 0;) {
		hash_add(&h, parts, n);
		begins = begins && read_full(new, parts + PART, n, r->diff->name, c->path) == n && memcmp(parts, parts + PART, n) == 0;
	}
	close(old);
	close(new);
	free(parts);
	if (begins && c->now.size == c->was.size)
		return;
	c->was.content = hash_end(&h);
	c->was.has_content = true;
	c->append = begins;
}

static void compare_links(struct recording *r, struct change *c)
{
	char *old = tree_link(r->before, c->path), *new = tree_link(r->diff, c->path);
	if (strcmp(old, new) != 0)
		tree_content(r->before, c->path, &c->was);
	free(old);
	free(new);
}

// is_whiteout tells whether a path only says that there is none, in an overlay's own words.
static bool is_whiteout(const struct facts *f)
{
	return f->kind == 'c' && f->size == 0;
}

static void add_path(struct recording *r, char *path)
{
	struct change c = {.path = path, .now = tree_facts(r->diff, path)};
	const struct rule *rule = rules_find(r->rules, path);
	enum rule_kind kind = rule ? rule->kind : RULE_PLAIN;
	if (kind == RULE_SKIP || kind == RULE_DROP || is_whiteout(&c.now)) {
		free(path);
		return;
	}
	c.was = tree_facts(r->before, path);
	if (c.now.kind == 'f' && c.was.kind == 'f')
		compare_files(r, &c);
	else if (c.now.kind == 'l' && c.was.kind == 'l')
		compare_links(r, &c);
	else if (c.was.kind != c.now.kind)
		tree_content(r->before, path, &c.was);
	changes_add(&r->changes, c);
	if (kind == RULE_KEYED)
		add_keys(r, rule, &c);
	if (kind == RULE_UNION && c.now.kind == 'f' && c.was.kind == 'f' && c.was.has_content)
		add_lines(r, &c);
	if (c.now.kind == 'd')
		push(&r->folders, copy_string(path));
	if (c.was.kind != 'd' || c.now.kind == 'd')
		return;
	struct names names = tree_names(r->before, path);
	for (size_t i = 0; i < names.count; i++)
		add_removed(r, join_path(path, names.name[i]));
	names_free(&names);
}

// add_folder records what is in a folder of the difference, and what the package removed
// from it: a removal always changes the folder.
static void add_folder(struct recording *r, const char *folder)
{
	struct names now = tree_names(r->diff, folder), was = tree_names(r->before, folder), still = {0};
	if (was.count)
		still = tree_names(r->after, folder);
	for (size_t i = 0; i < was.count; i++)
		if (!names_has(&still, was.name[i]))
			add_removed(r, join_path(folder, was.name[i]));
	size_t first = r->folders.count;
	for (size_t i = 0; i < now.count; i++)
		add_path(r, join_path(folder, now.name[i]));
	for (size_t i = first, j = r->folders.count; i + 1 < j; i++) { // the first one is to be read next
		char *swap = r->folders.path[i];
		r->folders.path[i] = r->folders.path[--j];
		r->folders.path[j] = swap;
	}
	names_free(&now);
	names_free(&was);
	names_free(&still);
}

static void write_file(struct tree *out, const char *name, const struct text *t)
{
	int fd = openat(out->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		fail_path("create", out->name, name);
	for (size_t done = 0; done < t->size;) {
		ssize_t n = write(fd, t->data + done, t->size - done);
		if (n < 0 && errno != EINTR)
			fail_path("write", out->name, name);
		done += n > 0 ? (size_t)n : 0;
	}
	struct timespec epoch[2] = {{0}, {0}};
	if (fchmod(fd, 0644) || futimens(fd, epoch) || close(fd))
		fail_path("write", out->name, name);
}

void record(const struct rules *rules, struct tree *before, struct tree *after, struct tree *diff, struct tree *out)
{
	struct recording r = {.rules = rules, .before = before, .after = after, .diff = diff};
	for (push(&r.folders, copy_string("")); r.folders.count;) {
		char *folder = r.folders.path[--r.folders.count];
		add_folder(&r, folder);
		free(folder);
	}
	struct seen seen = {0};
	keys_sort(&r.keys);
	seen_collect(&seen, after, &r.changes, &r.keys);
	struct text t = {0};
	changes_print(&t, &r.changes);
	write_file(out, "changes", &t);
	t.size = 0;
	keys_print(&t, &r.keys);
	write_file(out, "keys", &t);
	t.size = 0;
	seen_print(&t, &seen);
	write_file(out, "seen", &t);
	text_free(&t);
	seen_free(&seen);
	keys_free(&r.keys);
	changes_free(&r.changes);
	free(r.folders.path);
}
