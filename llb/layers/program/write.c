#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "xattr.h"

static const char temporary[] = ".jetkit-layers-new";

static void write_all(int fd, const char *data, size_t n, off_t at, const char *tree, const char *path)
{
	for (size_t done = 0; done < n;) {
		ssize_t put = pwrite(fd, data + done, n - done, at + (off_t)done);
		if (put < 0 && errno != EINTR)
			fail_path("write", tree, path);
		done += put > 0 ? (size_t)put : 0;
	}
}

// copy_data copies the data of a file from an offset on, and leaves out its holes.
static void copy_data(struct tree *from, int in, long long offset, struct tree *to, int out, long long at, const char *path)
{
	enum { PART = 1 << 17 };
	char *part = allocate(1, PART);
	off_t shift = at - offset, end = lseek(in, 0, SEEK_END);
	for (off_t data = offset; data < end;) {
		off_t next = lseek(in, data, SEEK_DATA);
		if (next < 0 && errno == ENXIO)
			break;
		if (next < 0)
			next = data; // a file system without holes
		off_t hole = lseek(in, next, SEEK_HOLE);
		hole = hole < 0 ? end : hole;
		if (lseek(in, next, SEEK_SET) < 0)
			fail_path("read", from->name, path);
		for (data = next; data < hole;) {
			size_t n = read_full(in, part, hole - data < PART ? (size_t)(hole - data) : PART, from->name, path);
			if (n == 0)
				fail("%s of %s became shorter while it was read", path, from->name);
			write_all(out, part, n, data + shift, to->name, path);
			data += (off_t)n;
		}
	}
	free(part);
}

static void write_file(struct join *j, int folder, const char *path, const struct version *v)
{
	int out = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		fail_path("write", j->root.name, path);
	long long at = (long long)v->made.size;
	write_all(out, v->made.data, v->made.size, 0, j->root.name, path);
	for (size_t i = 0; i < v->pieces; i++) {
		struct tree *from = join_tree(j, v->piece[i].source);
		int in = tree_read(from, path);
		struct stat st;
		if (fstat(in, &st))
			fail_path("read", from->name, path);
		copy_data(from, in, v->piece[i].from, &j->root, out, at, path);
		at += st.st_size - v->piece[i].from;
		close(in);
	}
	if (ftruncate(out, at) || close(out))
		fail_path("write", j->root.name, path);
}

static mode_t type_of(char kind)
{
	switch (kind) {
	case 'c': return S_IFCHR;
	case 'b': return S_IFBLK;
	case 'p': return S_IFIFO;
	default: return S_IFSOCK;
	}
}

static void write_new(struct join *j, int folder, const char *path, const struct version *v)
{
	int error = 0;
	if (unlinkat(folder, temporary, 0) && errno != ENOENT)
		fail_path("prepare", j->root.name, path);
	if (v->facts.kind == 'f') {
		write_file(j, folder, path, v);
	} else if (v->facts.kind == 'l') {
		char *target = v->pieces ? tree_link(join_tree(j, v->piece->source), path) : copy_string(v->made.data);
		error = symlinkat(target, folder, temporary);
		free(target);
	} else if (v->facts.kind == 'd') {
		error = mkdirat(folder, temporary, 0700);
	} else {
		dev_t device = v->facts.kind == 'c' || v->facts.kind == 'b' ? (dev_t)v->facts.size : 0;
		error = mknodat(folder, temporary, type_of(v->facts.kind) | 0600, device);
	}
	if (error)
		fail_path("create", j->root.name, path);
}

// write_xattrs gives an entry the extended attributes of a version, and takes others away.
static void write_xattrs(struct join *j, int folder, const char *name, const char *path, const struct version *v, struct xattrs *old)
{
	struct xattrs new = {0};
	if (v->facts.has_xattrs)
		new = xattrs_of(join_tree(j, v->owner_from), path);
	char *file = proc_path(folder, name);
	for (size_t i = 0; i < old->count; i++)
		if (lremovexattr(file, old->list[i].name) && errno != ENODATA)
			fail_path("remove the attributes", j->root.name, path);
	for (size_t i = 0; i < new.count; i++)
		if (lsetxattr(file, new.list[i].name, new.list[i].value.data, new.list[i].value.size, 0))
			fail_path("set the attributes", j->root.name, path);
	free(file);
	xattrs_free(&new);
}

static void write_owner(struct join *j, int folder, const char *name, const char *path, const struct version *v, struct xattrs *old)
{
	if (fchownat(folder, name, v->facts.uid, v->facts.gid, AT_SYMLINK_NOFOLLOW))
		fail_path("change the owner", j->root.name, path);
	if (v->facts.kind != 'l' && fchmodat(folder, name, v->facts.mode, 0)) // no link: it was just looked at
		fail_path("change the mode", j->root.name, path);
	write_xattrs(j, folder, name, path, v, old); // a change of owner takes capabilities away
}

static void set_times(struct join *j, int folder, const char *name, const char *path, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	if (utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW))
		fail_path("set the time", j->root.name, path);
}

// content_times are the times of the last file that a version is made of. Text that was
// joined has that of the file before: a clock's would be another one in each build.
static void content_times(struct join *j, const char *path, const struct version *v, struct stat *st)
{
	struct tree *from = join_tree(j, v->pieces ? v->piece[v->pieces - 1].source : START);
	if (!tree_stat(from, path, st))
		*st = (struct stat){0};
}

static void write_version(struct join *j, int folder, const char *name, const char *path, const struct version *v)
{
	struct xattrs none = {0};
	struct stat st, old;
	write_new(j, folder, path, v);
	write_owner(j, folder, temporary, path, v, &none);
	content_times(j, path, v, &st);
	set_times(j, folder, temporary, path, &st);
	bool is_folder = fstatat(folder, name, &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(old.st_mode);
	if (is_folder && v->facts.kind != 'd' && unlinkat(folder, name, AT_REMOVEDIR))
		fail_path("replace the folder", j->root.name, path);
	if (!is_folder && v->facts.kind == 'd' && unlinkat(folder, name, 0) && errno != ENOENT)
		fail_path("replace", j->root.name, path);
	if (renameat(folder, temporary, folder, name))
		fail_path("replace", j->root.name, path);
}

static void change_owner(struct join *j, int folder, const char *name, const char *path, const struct version *v)
{
	struct stat st;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		fail_path("look at", j->root.name, path);
	if (S_ISLNK(st.st_mode) != (v->facts.kind == 'l'))
		fail("%s of %s is another thing than what was merged", path, j->root.name);
	struct xattrs old = xattrs_of(&j->root, path);
	write_owner(j, folder, name, path, v, &old);
	set_times(j, folder, name, path, &st);
	xattrs_free(&old);
}

static void remove_entry(struct join *j, int folder, const char *name, const char *path)
{
	struct stat st;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return;
		fail_path("look at", j->root.name, path);
	}
	bool is_folder = S_ISDIR(st.st_mode);
	if (unlinkat(folder, name, is_folder ? AT_REMOVEDIR : 0) == 0)
		return;
	if (is_folder && (errno == ENOTEMPTY || errno == EEXIST))
		return; // another package put something into it
	fail_path("remove", j->root.name, path);
}

// set_folder_time gives a folder that was changed the time of the merge, which is that of the
// last layer. What the folder itself has may be the clock's, which is another one in each
// build: where an image has no /etc/hosts, a runtime makes it before the program starts.
static void set_folder_time(struct join *j, int folder, const char *path, const char *name)
{
	struct stat st;
	char *parent = name - path > 1 ? copy_bytes(path, (size_t)(name - path - 1)) : copy_string("/");
	bool known = false;
	for (int source = (int)j->layers - 1; source >= START && !known; source--)
		known = tree_stat(join_tree(j, source), parent, &st) && S_ISDIR(st.st_mode);
	free(parent);
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	if (known && futimens(folder, times))
		fail_path("set the time of the folder", j->root.name, path);
}

void do_task(struct join *j, const struct task *t)
{
	const char *name;
	int folder = tree_parent(&j->root, t->path, &name);
	if (folder < 0 && t->kind == TASK_REMOVE)
		return;
	errno = ENOENT;
	if (folder < 0)
		fail_path("open the folder", j->root.name, t->path);
	if (t->kind == TASK_REMOVE)
		remove_entry(j, folder, name, t->path);
	else if (t->kind == TASK_WRITE)
		write_version(j, folder, name, t->path, &t->version);
	else
		change_owner(j, folder, name, t->path, &t->version);
	set_folder_time(j, folder, t->path, name);
	if (t->kind == TASK_WRITE && t->version.facts.kind == 'd')
		tree_forget(&j->root); // the folder is another one now
}

void do_tasks(struct join *j)
{
	for (size_t i = j->tasks; i-- > 0;) // what is in a folder comes before the folder
		if (j->task[i].kind == TASK_REMOVE)
			do_task(j, &j->task[i]);
	for (size_t i = 0; i < j->tasks; i++)
		if (j->task[i].kind != TASK_REMOVE)
			do_task(j, &j->task[i]);
}
