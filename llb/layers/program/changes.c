#include "record.h"

#include <stdlib.h>
#include <string.h>

bool change_keeps_content(const struct change *c)
{
	// The content of what is neither a file nor a link is its kind and number.
	return c->now.kind == c->was.kind && c->now.kind != '-' && !c->was.has_content &&
	       (c->now.kind == 'f' || c->now.kind == 'l' || c->now.size == c->was.size);
}

void changes_add(struct changes *to, struct change c)
{
	to->list = grow(to->list, &to->room, to->count + 1, sizeof(*to->list));
	to->list[to->count++] = c;
}

void changes_print(struct text *to, const struct changes *changes)
{
	text_string(to, RECORD_HEADING "\n");
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *c = &changes->list[i];
		text_escaped(to, c->path, strlen(c->path));
		text_string(to, " ");
		facts_print(to, &c->now);
		text_string(to, " ");
		facts_print(to, &c->was);
		text_string(to, c->append ? " append\n" : "\n");
	}
}

static bool read_change(char *line, struct change *c)
{
	char *path = next_word(&line), *now = next_word(&line), *was = next_word(&line), *append = next_word(&line);
	long n = path ? unescape(path) : -1;
	if (n < 0 || (size_t)n != strlen(path) || !valid_path(path) || !was || next_word(&line) || (append && strcmp(append, "append") != 0))
		return false;
	c->path = path;
	c->append = append;
	if (!facts_read(now, &c->now) || !facts_read(was, &c->was))
		return false;
	c->uid = c->now.uid;
	c->gid = c->now.gid;
	return (c->now.kind != '-' || c->was.kind != '-') &&
	       (!append || (c->now.kind == 'f' && c->was.kind == 'f' && c->was.has_content && c->now.size >= c->was.size));
}

struct changes changes_read(struct text *from, const char *name)
{
	struct changes changes = {0};
	char *cursor = from->data, *end = from->data + from->size;
	char *line = from->size ? next_line(&cursor, end) : NULL;
	if (!line || strcmp(line, RECORD_HEADING) != 0)
		fail("the record of %s is of another version of jetkit: build it anew", name);
	for (size_t number = 2; (line = next_line(&cursor, end)); number++) {
		struct change c;
		if (!read_change(line, &c))
			fail("the record of %s is damaged in line %zu: build it anew", name, number);
		c.path = copy_string(c.path);
		changes_add(&changes, c);
	}
	return changes;
}

void changes_free(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i].path);
	free(c->list);
	*c = (struct changes){0};
}
