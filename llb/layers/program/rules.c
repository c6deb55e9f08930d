#include "rules.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

static const char *const kinds[RULE_KINDS] = {
	[RULE_PLAIN] = "plain", [RULE_SKIP] = "skip", [RULE_DROP] = "drop", [RULE_EITHER] = "either",
	[RULE_CONCAT] = "concat", [RULE_UNION] = "union", [RULE_KEYED] = "keyed", [RULE_RUN] = "run",
};

// read_input reads what the path of the last rule is made of.
static void read_input(struct rules *r, char *pattern, const char *file)
{
	struct rule *last = r->count ? &r->list[r->count - 1] : NULL;
	if (!last || last->kind != RULE_RUN || !pattern || unescape(pattern) < 1)
		fail("%s: an input is a pattern behind a rule of what is run", file);
	last->input = grow(last->input, &last->inputs_room, last->inputs + 1, sizeof(*last->input));
	last->input[last->inputs++] = copy_string(pattern);
}

static void read_rule(struct rules *r, char *line, const char *file)
{
	struct rule rule = {.kind = RULE_KINDS};
	char *kind = next_word(&line), *pattern = next_word(&line);
	if (kind && strcmp(kind, "input") == 0) {
		read_input(r, pattern, file);
		return;
	}
	for (int k = 0; kind && k < RULE_KINDS; k++)
		if (strcmp(kind, kinds[k]) == 0)
			rule.kind = (enum rule_kind)k;
	if (rule.kind == RULE_KINDS || !pattern || unescape(pattern) < 1 || !valid_path(pattern))
		fail("%s: %s is no rule of this program", file, kind ? kind : "an empty line");
	rule.pattern = copy_string(pattern);
	for (char *word; (word = next_word(&line));) {
		if (unescape(word) < 0)
			fail("%s: the rule of %s has an argument that is not encoded", file, pattern);
		rule.argument = grow(rule.argument, &rule.room, rule.arguments + 1, sizeof(*rule.argument));
		rule.argument[rule.arguments++] = copy_string(word);
	}
	if ((rule.kind == RULE_RUN && rule.arguments < 2) || (rule.kind == RULE_KEYED && !rule.arguments))
		fail("%s: the rule of %s lacks arguments", file, pattern);
	r->list = grow(r->list, &r->room, r->count + 1, sizeof(*r->list));
	r->list[r->count++] = rule;
}

struct rules rules_read(const char *file)
{
	struct rules r = {0};
	struct text t = {0};
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_path("read the rules", "the builder", file);
	char part[4096];
	for (size_t n; (n = read_full(fd, part, sizeof(part), "the builder", file)) > 0;)
		text_add(&t, part, n);
	close(fd);
	char *cursor = t.data;
	for (char *line; t.size && (line = next_line(&cursor, t.data + t.size));)
		read_rule(&r, line, file);
	text_free(&t);
	return r;
}

const struct rule *rules_find(const struct rules *r, const char *path)
{
	for (size_t i = 0; i < r->count; i++)
		if (glob_matches(r->list[i].pattern, path))
			return &r->list[i];
	return NULL;
}

enum rule_kind rules_kind(const struct rules *r, const char *path)
{
	const struct rule *rule = rules_find(r, path);
	return rule ? rule->kind : RULE_PLAIN;
}

// star is where a match goes on if what follows does not fit: behind a * or **, which then
// takes one more character.
struct star {
	const char *pattern, *path;
};

// take lets a star take one more of the path, and tells whether it can: a * ends at a
// slash, and **/ takes whole folders.
static bool take(struct star *s, bool folders)
{
	if (!s->pattern || !*s->path)
		return false;
	if (!folders)
		return *s->path++ != '/';
	while (*s->path && *s->path != '/')
		s->path++;
	return *s->path++ == '/';
}

bool glob_matches(const char *pattern, const char *path)
{
	struct star one = {0}, many = {0};
	for (;;) {
		if (strncmp(pattern, "**/", 3) == 0) {
			pattern += 3;
			many = (struct star){pattern, path};
			one = (struct star){0};
			continue;
		}
		if (strcmp(pattern, "**") == 0)
			return *path;
		if (*pattern == '*') {
			one = (struct star){++pattern, path};
			continue;
		}
		if (!*pattern && (!*path || *path == '/'))
			return true;
		if (*pattern && *path && (*pattern == *path || (*pattern == '?' && *path != '/'))) {
			pattern++;
			path++;
			continue;
		}
		if (take(&one, false)) {
			pattern = one.pattern;
			path = one.path;
		} else if (take(&many, true)) {
			one = (struct star){0};
			pattern = many.pattern;
			path = many.path;
		} else {
			return false;
		}
	}
}
