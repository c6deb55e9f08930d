// What a version's content is made of.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "merge.h"

void add_piece(struct version *v, int source, long long from)
{
	v->piece = grow(v->piece, &v->room, v->pieces + 1, sizeof(*v->piece));
	v->piece[v->pieces++] = (struct piece){source, from};
}

static int open_piece(struct tree *t, const char *path, const struct piece *p)
{
	int fd = tree_read(t, path);
	if (lseek(fd, p->from, SEEK_SET) < 0)
		fail_path("read", t->name, path);
	return fd;
}

static void version_content(struct join *j, const char *path, struct version *v)
{
	if (v->facts.has_content)
		return;
	if (v->pieces == 1 && !v->piece->from) {
		tree_content(join_tree(j, v->piece->source), path, &v->facts);
		return;
	}
	enum { PART = 1 << 16 };
	char *part = allocate(1, PART);
	struct hashing h;
	hash_begin(&h);
	hash_add(&h, v->made.data, v->made.size);
	for (size_t i = 0; i < v->pieces; i++) {
		struct tree *t = join_tree(j, v->piece[i].source);
		int fd = open_piece(t, path, &v->piece[i]);
		for (size_t n; (n = read_full(fd, part, PART, t->name, path)) > 0;)
			hash_add(&h, part, n);
		close(fd);
	}
	free(part);
	v->facts.content = hash_end(&h);
	v->facts.has_content = true;
}

bool is_content(struct join *j, const char *path, struct version *v, const struct facts *f)
{
	if (v->facts.kind != f->kind || v->facts.size != f->size)
		return false;
	if (f->kind == 'f' || f->kind == 'l')
		version_content(j, path, v);
	return same_content(&v->facts, f);
}

bool begins_with(struct join *j, const char *path, const struct version *v, const struct facts *f)
{
	if (v->facts.kind != 'f' || f->kind != 'f' || v->facts.size < f->size)
		return false;
	char part[1 << 14];
	struct hashing h;
	hash_begin(&h);
	long long left = f->size;
	size_t made = (long long)v->made.size < left ? v->made.size : (size_t)left;
	hash_add(&h, v->made.data, made);
	left -= (long long)made;
	for (size_t i = 0; i < v->pieces && left > 0; i++) {
		struct tree *t = join_tree(j, v->piece[i].source);
		int fd = open_piece(t, path, &v->piece[i]);
		for (size_t n = 1; n && left > 0; left -= (long long)n) {
			n = read_full(fd, part, left < (long long)sizeof(part) ? (size_t)left : sizeof(part), t->name, path);
			hash_add(&h, part, n);
		}
		close(fd);
	}
	struct digest d = hash_end(&h);
	return left == 0 && f->has_content && digest_equal(&d, &f->content);
}

// added_sizes is the sum, or the largest size there is: records may say anything.
static long long added_sizes(long long a, long long b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void append(struct version *ours, const struct item *it, long long from)
{
	add_piece(ours, it->layer, from);
	ours->facts.size = added_sizes(ours->facts.size, it->change->now.size - from);
	ours->facts.has_content = false;
	ours->content_by = it->layer;
}

// add_changes applies to lines what a layer did to those that it saw, or adds all that it has.
static void add_changes(struct join *j, struct table *ours, const struct format *lines, const struct item *it)
{
	struct table theirs = {0};
	const char *path = it->change->path;
	const struct key_changes *file = keys_of(&j->layer[it->layer].keys, path);
	for (size_t i = 0; file && i < file->count; i++)
		table_set(ours, file->list[i].key, file->list[i].now, it->layer);
	if (!file)
		table_load(&theirs, lines, &j->layer[it->layer].tree, path, it->layer);
	for (size_t i = 0; i < theirs.count; i++)
		table_set(ours, theirs.entry[i].key, theirs.entry[i].value, it->layer);
	table_free(&theirs);
}

void unite(struct join *j, struct version *ours, const struct item *it)
{
	const char *path = it->change->path;
	struct text text = {0}, part = {0};
	struct format lines = {.format = FORMAT_LINES};
	struct table table = {0};
	text_add(&text, ours->made.data, ours->made.size);
	for (size_t i = 0; i < ours->pieces; i++) {
		part.size = 0;
		if (tree_load(join_tree(j, ours->piece[i].source), path, MAX_LIST_SIZE, &part) && (size_t)ours->piece[i].from <= part.size)
			text_add(&text, part.data + ours->piece[i].from, part.size - (size_t)ours->piece[i].from);
	}
	table_read(&table, &lines, &text, START);
	add_changes(j, &table, &lines, it);
	text.size = 0;
	table_print(&text, &lines, &table);
	table_free(&table);
	text_free(&part);
	text_free(&ours->made);
	ours->made = text;
	ours->pieces = 0;
	ours->facts.size = (long long)text.size;
	ours->facts.has_content = false;
	ours->content_by = it->layer;
}

