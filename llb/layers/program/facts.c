#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xattr.h"

static char kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return 'f';
	case S_IFLNK: return 'l';
	case S_IFDIR: return 'd';
	case S_IFCHR: return 'c';
	case S_IFBLK: return 'b';
	case S_IFIFO: return 'p';
	default: return 's';
	}
}

struct facts tree_facts(struct tree *t, const char *path)
{
	struct stat st;
	if (!tree_stat(t, path, &st))
		return (struct facts){.kind = '-'};
	struct facts f = {
		.kind = kind_of(st.st_mode), .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid,
	};
	if (f.kind == 'f' || f.kind == 'l')
		f.size = st.st_size;
	if (f.kind == 'c' || f.kind == 'b')
		f.size = (long long)(st.st_rdev & INT64_MAX);
	if (f.kind == 'l')
		f.mode = 0777;
	struct xattrs x = xattrs_of(t, path);
	f.has_xattrs = x.count > 0;
	if (f.has_xattrs)
		f.xattrs = xattrs_digest(&x);
	xattrs_free(&x);
	return f;
}

void tree_content(struct tree *t, const char *path, struct facts *f)
{
	if (f->has_content)
		return;
	if (f->kind == 'l') {
		char *target = tree_link(t, path);
		f->content = digest_of(target, strlen(target));
		free(target);
	} else if (f->kind == 'f') {
		static const size_t size = 1 << 17;
		char *part = allocate(size, 1);
		struct hashing h;
		int fd = tree_read(t, path);
		hash_begin(&h);
		for (size_t n; (n = read_full(fd, part, size, t->name, path)) > 0;)
			hash_add(&h, part, n);
		f->content = hash_end(&h);
		close(fd);
		free(part);
	} else {
		return;
	}
	f->has_content = true;
}

bool same_content(const struct facts *a, const struct facts *b)
{
	if (a->kind != b->kind || a->size != b->size)
		return false;
	if (a->kind != 'f' && a->kind != 'l')
		return true;
	return a->has_content && b->has_content && digest_equal(&a->content, &b->content);
}

bool same_owner_and_mode(const struct facts *a, const struct facts *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->has_xattrs == b->has_xattrs &&
	       (!a->has_xattrs || digest_equal(&a->xattrs, &b->xattrs));
}

void facts_print(struct text *to, const struct facts *f)
{
	if (f->kind == '-') {
		text_string(to, "-");
		return;
	}
	text_format(to, "%c,%o,%u,%u,%lld,", f->kind, f->mode, f->uid, f->gid, f->size);
	if (f->has_content)
		digest_print(to, &f->content);
	text_string(to, ",");
	if (f->has_xattrs)
		digest_print(to, &f->xattrs);
}

bool facts_read(char *word, struct facts *f)
{
	*f = (struct facts){.kind = '-'};
	if (strcmp(word, "-") == 0)
		return true;
	enum { FIELDS = 7 };
	char *field[FIELDS];
	for (int i = 0; i < FIELDS; i++) {
		char *comma = strchr(word, ',');
		if (!comma != (i == FIELDS - 1))
			return false;
		field[i] = word;
		if (comma) {
			*comma = 0;
			word = comma + 1;
		}
	}
	long long mode = number(field[1], 8, 07777), uid = number(field[2], 10, UINT32_MAX), gid = number(field[3], 10, UINT32_MAX);
	f->size = number(field[4], 10, INT64_MAX);
	f->has_content = *field[5];
	f->has_xattrs = *field[6];
	if (!field[0][0] || field[0][1] || !strchr("fldcbps", field[0][0]) || mode < 0 || uid < 0 || gid < 0 || f->size < 0 ||
	    (f->has_content && !digest_read(field[5], &f->content)) || (f->has_xattrs && !digest_read(field[6], &f->xattrs)))
		return false;
	f->kind = field[0][0];
	f->mode = (unsigned)mode;
	f->uid = (unsigned)uid;
	f->gid = (unsigned)gid;
	return true;
}
