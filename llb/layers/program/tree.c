#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tree tree_open(const char *name, const char *path)
{
	struct tree t = {.name = name, .fd = -1, .parent_fd = -1};
	if (!path)
		return t;
	t.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.fd < 0)
		fail("cannot open the folder %s (%s): %s", path, name, strerror(errno));
	return t;
}

void tree_forget(struct tree *t)
{
	if (t->parent_fd >= 0)
		close(t->parent_fd);
	free(t->parent);
	t->parent = NULL;
	t->parent_fd = -1;
}

void tree_close(struct tree *t)
{
	tree_forget(t);
	if (t->fd >= 0)
		close(t->fd);
	*t = (struct tree){.name = t->name, .fd = -1, .parent_fd = -1};
}

// is_dots tells whether a name is that of the folder itself, or of the one above.
static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool valid_path(const char *path)
{
	size_t n = strlen(path);
	if (n == 0 || n > MAX_PATH || *path != '/')
		return false;
	while (*path) {
		const char *part = ++path;
		while (*path && *path != '/')
			path++;
		size_t length = (size_t)(path - part);
		if (length == 0 || length > MAX_NAME || (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'))))
			return false;
	}
	return true;
}

static bool missing(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG;
}

// open_folder opens a folder of a tree by its path, of n bytes.
static int open_folder(struct tree *t, const char *path, size_t n)
{
	int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		fail_path("open", t->name, "/");
	for (size_t i = 0; i < n;) {
		char part[MAX_NAME + 1];
		size_t length = 0;
		for (i++; i < n && path[i] != '/'; i++)
			if (length < MAX_NAME)
				part[length++] = path[i];
		part[length] = 0;
		errno = ENOENT; // nothing is above a tree
		int next = is_dots(part) ? -1 : openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && !missing())
			fail_path("open", t->name, path);
		close(fd);
		if (next < 0)
			return -1;
		fd = next;
	}
	return fd;
}

int tree_parent(struct tree *t, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	*name = slash ? slash + 1 : path;
	if (is_dots(*name))
		return -1;
	if (t->fd < 0 || n == 0)
		return t->fd;
	if (t->parent && strncmp(t->parent, path, n) == 0 && !t->parent[n])
		return t->parent_fd;
	tree_forget(t);
	t->parent = copy_bytes(path, n);
	t->parent_fd = open_folder(t, path, n);
	return t->parent_fd;
}

bool tree_stat(struct tree *t, const char *path, struct stat *st)
{
	const char *name;
	int fd = tree_parent(t, path, &name);
	if (fd < 0)
		return false;
	if (fstatat(fd, *name ? name : ".", st, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	if (!missing())
		fail_path("look at", t->name, path);
	return false;
}

int tree_read(struct tree *t, const char *path)
{
	struct stat st;
	const char *name;
	if (tree_stat(t, path, &st) && !S_ISREG(st.st_mode)) // a device may have no end
		fail("%s of %s is no file", path, t->name);
	int parent = tree_parent(t, path, &name);
	errno = ENOENT;
	int fd = parent < 0 ? -1 : openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fail_path("read", t->name, path);
	return fd;
}

char *tree_link(struct tree *t, const char *path)
{
	const char *name;
	int parent = tree_parent(t, path, &name);
	char *target = allocate(MAX_PATH + 2, 1);
	errno = ENOENT;
	ssize_t n = parent < 0 ? -1 : readlinkat(parent, name, target, MAX_PATH + 1);
	if (n < 0 || n > MAX_PATH)
		fail_path("read the link", t->name, path);
	target[n] = 0;
	return target;
}

size_t read_full(int fd, void *to, size_t n, const char *tree, const char *path)
{
	size_t done = 0;
	while (done < n) {
		ssize_t got = read(fd, (char *)to + done, n - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			fail_path("read", tree, path);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return done;
}

bool tree_load(struct tree *t, const char *path, size_t max, struct text *to)
{
	struct stat st;
	if (!tree_stat(t, path, &st) || !S_ISREG(st.st_mode))
		return false;
	if (st.st_size < 0 || (unsigned long long)st.st_size > max)
		fail("%s of %s is larger than %zu bytes", path, t->name, max);
	int fd = tree_read(t, path);
	char part[65536];
	for (size_t n; (n = read_full(fd, part, sizeof(part), t->name, path)) > 0;) {
		if (to->size + n > max)
			fail("%s of %s is larger than %zu bytes", path, t->name, max);
		text_add(to, part, n);
	}
	text_add(to, "", 0);
	close(fd);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names tree_names(struct tree *t, const char *path)
{
	struct names names = {0};
	int fd = t->fd < 0 ? -1 : open_folder(t, path, strlen(path));
	if (fd < 0)
		return names;
	DIR *folder = fdopendir(fd);
	if (!folder)
		fail_path("list", t->name, path);
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(folder);
		if (!e && errno)
			fail_path("list", t->name, path);
		if (!e)
			break;
		if (is_dots(e->d_name))
			continue;
		names.name = grow(names.name, &names.room, names.count + 1, sizeof(*names.name));
		names.name[names.count++] = copy_string(e->d_name);
	}
	closedir(folder);
	if (names.count)
		qsort(names.name, names.count, sizeof(*names.name), by_name);
	return names;
}

bool names_has(const struct names *n, const char *name)
{
	return n->count && bsearch(&name, n->name, n->count, sizeof(*n->name), by_name);
}

void names_free(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->name[i]);
	free(n->name);
	*n = (struct names){0};
}

char *join_path(const char *folder, const char *name)
{
	size_t n = strlen(folder), m = strlen(name);
	if (n + 1 + m > MAX_PATH)
		fail("the path %.100s… is longer than %d bytes", folder, MAX_PATH);
	char *path = allocate(n + m + 2, 1);
	memcpy(path, folder, n);
	path[n] = '/';
	memcpy(path + n + 1, name, m);
	return path;
}
