// The fields of entries.
#include "keyed.h"

#include <stdlib.h>
#include <string.h>

// span is where a field is in an entry, with its name and separators (all) and without.
struct span {
	const char *all, *value, *end;
};

// next_field steps to the next line of a stanza that begins a field, or the next field.
static struct span field_at(const struct format *f, const char *all)
{
	struct span s = {all, all, all + strlen(all)};
	if (f->format == FORMAT_FIELDS) {
		const char *next = strchr(all, f->separator);
		s.end = next ? next : s.end;
		return s;
	}
	if (f->format != FORMAT_STANZAS)
		return s;
	for (const char *line = all; (line = strchr(line, '\n')); line++)
		if (line[1] != ' ' && line[1] != '\t') { // a field goes on in lines that begin with a space
			s.end = line;
			break;
		}
	const char *colon = memchr(all, ':', (size_t)(s.end - all));
	s.value = colon ? colon + 1 : s.end;
	while (s.value < s.end && *s.value == ' ')
		s.value++;
	return s;
}

// is_field tells whether a span is the field of a name, as number of fields, or as a stanza's.
static bool is_field(const struct format *f, const struct span *s, long number, const char *name)
{
	if (f->format == FORMAT_FIELDS)
		return strtol(name, NULL, 10) == number;
	if (f->format != FORMAT_STANZAS)
		return true;
	size_t n = strlen(name);
	return (size_t)(s->end - s->all) > n && strncmp(s->all, name, n) == 0 && s->all[n] == ':';
}

static bool find(const struct format *f, const char *value, const char *name, struct span *s)
{
	long number = 1;
	for (const char *at = value;; at = s->end + 1, number++) {
		*s = field_at(f, at);
		if (is_field(f, s, number, name))
			return true;
		if (!*s->end)
			return false;
	}
}

char *field_get(const struct format *f, const char *value, const char *field)
{
	struct span s;
	if (!value || !find(f, value, field, &s))
		return NULL;
	return copy_bytes(s.value, (size_t)(s.end - s.value));
}

struct names field_names(const struct format *f, const char *value)
{
	struct names names = {0};
	long number = 1;
	for (const char *at = value; at; number++) {
		struct span s = field_at(f, at);
		struct text name = {0};
		text_add(&name, "", 0);
		if (f->format == FORMAT_FIELDS)
			text_format(&name, "%ld", number);
		else if (f->format == FORMAT_STANZAS)
			for (const char *c = s.all; c < s.end && *c != ':'; c++)
				text_add(&name, c, 1);
		names.name = grow(names.name, &names.room, names.count + 1, sizeof(*names.name));
		names.name[names.count++] = name.data;
		at = *s.end ? s.end + 1 : NULL;
	}
	return names;
}

char *field_set(const struct format *f, const char *value, const char *field, const char *new)
{
	struct span s;
	struct text t = {0};
	text_add(&t, "", 0);
	if (!find(f, value, field, &s)) {
		text_string(&t, value);
		if (new && f->format == FORMAT_STANZAS)
			text_format(&t, "\n%s: %s", field, new);
		else if (new)
			text_format(&t, "%c%s", f->separator, new);
		return t.data;
	}
	if (new) {
		text_add(&t, value, (size_t)(s.value - value));
		text_string(&t, new);
		text_string(&t, s.end);
		return t.data;
	}
	text_add(&t, value, (size_t)(s.all - value));
	if (*s.end)
		text_string(&t, s.end + 1);
	else if (t.size)
		t.data[--t.size] = 0; // the separator before it
	return t.data;
}

static struct names split(const char *list)
{
	struct names names = {0};
	for (const char *at = list ? list : ""; *at;) {
		size_t n = strcspn(at, ",");
		const char *next = at[n] ? at + n + 1 : at + n;
		while (n && at[0] == ' ')
			at++, n--;
		if (n) {
			names.name = grow(names.name, &names.room, names.count + 1, sizeof(*names.name));
			names.name[names.count++] = copy_bytes(at, n);
		}
		at = next;
	}
	return names;
}

static struct table set_of(const struct names *n)
{
	struct table t = {0};
	for (size_t i = 0; i < n->count; i++)
		table_set(&t, n->name[i], NULL, 0);
	return t;
}

char *list_merge(const struct format *f, const char *was, const char *ours, const char *theirs)
{
	struct names w = split(was), o = split(ours), t = split(theirs);
	struct table was_set = set_of(&w), our_set = set_of(&o), their_set = set_of(&t);
	const char *separator = f->format == FORMAT_STANZAS ? ", " : ",";
	struct text to = {0};
	text_add(&to, "", 0);
	for (size_t i = 0; i < o.count; i++)
		if (table_find(&their_set, o.name[i]) || !table_find(&was_set, o.name[i]))
			text_format(&to, "%s%s", to.size ? separator : "", o.name[i]);
	for (size_t i = 0; i < t.count; i++)
		if (!table_find(&our_set, t.name[i]) && !table_find(&was_set, t.name[i]))
			text_format(&to, "%s%s", to.size ? separator : "", t.name[i]);
	table_free(&was_set);
	table_free(&our_set);
	table_free(&their_set);
	names_free(&w);
	names_free(&o);
	names_free(&t);
	return to.data;
}
