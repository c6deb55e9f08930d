// The root as its own processes see it.
#include <stdlib.h>
#include <string.h>

#include "join.h"

enum { MAX_LINKS = 40 };

// step goes from a physical folder to one of its names. It changes both at a link.
static bool step(struct join *j, struct text *at, struct text *rest, const char *name, int *links)
{
	if (strcmp(name, "..") == 0) {
		char *slash = at->size ? strrchr(at->data, '/') : NULL;
		at->size = slash ? (size_t)(slash - at->data) : 0;
		text_add(at, "", 0);
		return true;
	}
	size_t before = at->size;
	if (before + 1 + strlen(name) > MAX_PATH)
		return false;
	text_format(at, "/%s", name);
	char kind = tree_facts(&j->root, at->data).kind;
	if (kind != 'l')
		return kind != '-';
	if (++*links > MAX_LINKS)
		return false;
	char *target = tree_link(&j->root, at->data);
	struct text next = {0};
	text_format(&next, "%s/%s", target, rest->data);
	at->size = *target == '/' ? 0 : before;
	text_add(at, "", 0);
	text_free(rest);
	*rest = next;
	free(target);
	return true;
}

char *find_in_root(struct join *j, const char *path)
{
	struct text at = {0}, rest = {0};
	int links = 0;
	text_add(&at, "", 0);
	text_string(&rest, path);
	for (;;) {
		char *name = rest.data + strspn(rest.data, "/");
		size_t n = strcspn(name, "/");
		if (n == 0) {
			text_free(&rest);
			return at.data;
		}
		char *part = copy_bytes(name, n);
		struct text after = {0};
		text_string(&after, name + n);
		text_free(&rest);
		rest = after;
		bool found = strcmp(part, ".") == 0 || step(j, &at, &rest, part, &links);
		free(part);
		if (!found) {
			text_free(&at);
			text_free(&rest);
			return NULL;
		}
	}
}
