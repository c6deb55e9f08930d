#include "xattr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

char *proc_path(int folder, const char *name)
{
	struct text t = {0};
	text_format(&t, "/proc/self/fd/%d/%s", folder, *name ? name : ".");
	return t.data;
}

static bool ours(const char *name)
{
	return strncmp(name, "trusted.overlay.", 16) != 0 && strncmp(name, "user.overlay.", 13) != 0 &&
	       strcmp(name, "security.selinux") != 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

// read_value reads an attribute. It returns false if there is none any more.
static bool read_value(const char *file, const char *name, struct text *value)
{
	char part[65536]; // the kernel's limit of a value
	ssize_t n = lgetxattr(file, name, part, sizeof(part));
	if (n < 0)
		return false;
	text_add(value, part, (size_t)n);
	return true;
}

static void read_list(struct xattrs *x, const char *file, const char *names, ssize_t size)
{
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		struct xattr a = {0};
		if (!ours(name) || !read_value(file, name, &a.value))
			continue;
		a.name = copy_string(name);
		x->list = grow(x->list, &x->room, x->count + 1, sizeof(*x->list));
		x->list[x->count++] = a;
	}
	if (x->count)
		qsort(x->list, x->count, sizeof(*x->list), by_name);
}

struct xattrs xattrs_of(struct tree *t, const char *path)
{
	struct xattrs x = {0};
	const char *name;
	int folder = tree_parent(t, path, &name);
	if (folder < 0)
		return x;
	char *file = proc_path(folder, name), names[65536]; // the kernel's limit of a list
	ssize_t size = llistxattr(file, names, sizeof(names));
	if (size < 0 && errno != ENOTSUP)
		fail_path("read the attributes", t->name, path);
	if (size > 0)
		read_list(&x, file, names, size);
	free(file);
	return x;
}

struct digest xattrs_digest(const struct xattrs *x)
{
	struct hashing h;
	hash_begin(&h);
	for (size_t i = 0; i < x->count; i++) {
		uint64_t size = x->list[i].value.size;
		hash_add(&h, x->list[i].name, strlen(x->list[i].name) + 1);
		hash_add(&h, &size, sizeof(size));
		hash_add(&h, x->list[i].value.data, x->list[i].value.size);
	}
	return hash_end(&h);
}

void xattrs_free(struct xattrs *x)
{
	for (size_t i = 0; i < x->count; i++) {
		free(x->list[i].name);
		text_free(&x->list[i].value);
	}
	free(x->list);
	*x = (struct xattrs){0};
}
