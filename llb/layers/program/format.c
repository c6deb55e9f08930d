#include "keyed.h"

#include <stdlib.h>
#include <string.h>

static const char *const formats[FORMATS] = {
	[FORMAT_LINES] = "lines", [FORMAT_VARS] = "vars", [FORMAT_FIELDS] = "fields",
	[FORMAT_STANZAS] = "stanzas", [FORMAT_TRIPLES] = "triples", [FORMAT_ALTERNATIVES] = "alternatives",
};

static const char *const keyed_policies[POLICIES] = {
	[POLICY_CONFLICT] = "conflict", [POLICY_LATER] = "later", [POLICY_EARLIER] = "earlier", [POLICY_LIST] = "list",
	[POLICY_USER] = "user", [POLICY_GROUP] = "group", [POLICY_RANGE] = "range", [POLICY_VERSION] = "version",
	[POLICY_LEAST] = "least",
};

static int index_of(const char *const *list, int count, const char *word)
{
	for (int i = 0; word && i < count; i++)
		if (strcmp(list[i], word) == 0)
			return i;
	return -1;
}

static void read_key(struct format *f, const struct rule *rule, size_t *i)
{
	if (f->format == FORMAT_STANZAS) {
		if (rule->arguments < 2)
			fail("the rule of %s: stanzas need the names of the key's fields", rule->pattern);
		f->key_fields = rule->argument[(*i)++];
		return;
	}
	if (f->format != FORMAT_FIELDS)
		return;
	char *end = NULL;
	if (rule->arguments > 2 && strlen(rule->argument[1]) == 1)
		f->key = strtol(rule->argument[2], &end, 10);
	if (f->key < 1 || f->key > 100 || (*end && strcmp(end, "-") != 0))
		fail("the rule of %s: fields need a separator and the number of the key", rule->pattern);
	f->separator = rule->argument[1][0];
	f->key_to_end = *end;
	*i += 2;
}

struct format format_of(const struct rule *rule)
{
	int format = index_of(formats, FORMATS, rule->arguments ? rule->argument[0] : NULL);
	if (format < 0)
		fail("the rule of %s names no format of this program", rule->pattern);
	struct format f = {.format = (enum keyed_format)format};
	size_t i = 1;
	read_key(&f, rule, &i);
	for (; i < rule->arguments; i++) {
		char *argument = rule->argument[i], *equals = strrchr(argument, '=');
		int policy = equals ? index_of(keyed_policies, POLICIES, equals + 1) : -1;
		if (strcmp(argument, "sorted") == 0) {
			f.sorted = true;
			continue;
		}
		if (strcmp(argument, "manual") == 0) {
			f.manual = true;
			continue;
		}
		if (policy < 0)
			fail("the rule of %s: %s is no policy of this program", rule->pattern, argument);
		f.policy = grow(f.policy, &f.room, f.policies + 1, sizeof(*f.policy));
		f.policy[f.policies++] = (struct field_policy){copy_bytes(argument, (size_t)(equals - argument)), (enum policy)policy};
	}
	return f;
}

void format_free(struct format *f)
{
	for (size_t i = 0; i < f->policies; i++)
		free((char *)f->policy[i].field);
	free(f->policy);
	*f = (struct format){0};
}

enum policy policy_of(const struct format *f, const char *field)
{
	enum policy others = POLICY_CONFLICT;
	for (size_t i = 0; i < f->policies; i++) {
		if (strcmp(f->policy[i].field, field) == 0)
			return f->policy[i].policy;
		if (strcmp(f->policy[i].field, "*") == 0)
			others = f->policy[i].policy;
	}
	return others;
}
