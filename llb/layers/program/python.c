#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "seen.h"

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);
	return n >= m && memcmp(s + n - m, end, m) == 0;
}

// normalised returns a distribution's name in lower case, with each run of - _ . as one -.
static char *normalised(const char *name, size_t n)
{
	struct text t = {0};
	text_add(&t, "", 0);
	for (size_t i = 0; i < n; i++) {
		char c = (char)tolower((unsigned char)name[i]);
		if (c != '-' && c != '_' && c != '.')
			text_add(&t, &c, 1);
		else if (t.size && t.data[t.size - 1] != '-')
			text_add(&t, "-", 1);
	}
	return t.data;
}

bool python_distribution(const char *path, char **name, char **version, size_t *length)
{
	const char *folder = strstr(path, "-packages/");
	if (!folder)
		return false;
	if (!ends_with(path, (size_t)(folder - path), "/site") && !ends_with(path, (size_t)(folder - path), "/dist"))
		return false;
	const char *base = folder + strlen("-packages/");
	size_t n = strcspn(base, "/"), stem = n;
	if (ends_with(base, n, ".dist-info") || ends_with(base, n, ".egg-info"))
		stem = n - (ends_with(base, n, ".dist-info") ? strlen(".dist-info") : strlen(".egg-info"));
	const char *dash = stem < n ? memchr(base, '-', stem) : NULL;
	if (!dash || dash == base)
		return false;
	*length = (size_t)(base + n - path);
	*name = normalised(base, (size_t)(dash - base));
	*version = copy_bytes(dash + 1, stem - (size_t)(dash + 1 - base));
	char *python = strstr(*version, "-py"); // NAME-VERSION-py3.10.egg-info
	if (python)
		*python = 0;
	return true;
}
