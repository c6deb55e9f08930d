// Files that a program of the image makes of others: caches and indexes.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "join.h"

enum { MAX_OUTPUT = 1 << 14 };

char *filled(const char *word, const char *path)
{
	struct text t = {0};
	text_add(&t, "", 0);
	for (; *word; word++) {
		if (strncmp(word, "{dir}", 5) == 0) {
			text_add(&t, path, (size_t)(strrchr(path, '/') - path));
			word += 4;
		} else if (strncmp(word, "{path}", 6) == 0) {
			text_string(&t, path);
			word += 5;
		} else {
			text_add(&t, word, 1);
		}
	}
	return t.data;
}

// find_matching returns the first path of the root that a pattern with at most one * matches,
// which stands for a folder.
static char *find_matching(struct join *j, const char *pattern)
{
	const char *star = strstr(pattern, "/*/");
	if (!star)
		return find_in_root(j, pattern);
	char *prefix = copy_bytes(pattern, (size_t)(star - pattern)), *folder = find_in_root(j, prefix), *found = NULL;
	struct names names = {0};
	if (folder)
		names = tree_names(&j->root, folder);
	for (size_t i = 0; i < names.count && !found; i++) {
		struct text path = {0};
		text_format(&path, "%s/%s%s", folder, names.name[i], star + 2);
		found = find_in_root(j, path.data);
		text_free(&path);
	}
	names_free(&names);
	free(prefix);
	free(folder);
	return found;
}

// find_program returns the first of several programs, separated by |, that the root has.
static char *find_program(struct join *j, const char *word, const char *path)
{
	char *programs = filled(word, path), *next = programs, *found = NULL;
	while (next && !found) {
		char *program = next, *bar = strchr(next, '|');
		next = bar ? bar + 1 : NULL;
		if (bar)
			*bar = 0;
		char *physical = find_matching(j, program);
		if (physical) // by its own name, by which it may know what to do
			found = strstr(program, "/*/") || strstr(program, "/../") ? copy_string(physical) : copy_string(program);
		free(physical);
	}
	free(programs);
	return found;
}

static bool same_words(char **a, char **b)
{
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

bool add_command(struct join *j, const struct rule *rule, const char *path)
{
	struct command c = {.word = allocate(rule->arguments, sizeof(char *)), .path = copy_string(path)};
	c.word[0] = find_program(j, rule->argument[1], path);
	if (!c.word[0])
		return false;
	for (size_t i = 2; i < rule->arguments; i++)
		c.word[i - 1] = filled(rule->argument[i], path);
	for (size_t i = 0; i < j->commands; i++)
		if (same_words(j->command[i].word, c.word))
			return true;
	j->command = grow(j->command, &j->commands_room, j->commands + 1, sizeof(*j->command));
	j->command[j->commands++] = c;
	return true;
}

static _Noreturn void child(struct join *j, const struct command *c, int output)
{
	int nothing = open("/dev/null", O_RDONLY);
	if (fchdir(j->root.fd) || chroot(".") || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(126);
	execv(c->word[0], c->word);
	dprintf(2, "cannot run %s: %s\n", c->word[0], strerror(errno));
	_exit(127);
}

// read_output reads what a command prints, and keeps its end.
static void read_output(int fd, struct text *output)
{
	char part[4096];
	text_add(output, "", 0);
	for (size_t n; (n = read_full(fd, part, sizeof(part), "a pipe", "")) > 0;) {
		text_add(output, part, n);
		if (output->size > 2 * MAX_OUTPUT) {
			memmove(output->data, output->data + output->size - MAX_OUTPUT, MAX_OUTPUT);
			output->size = MAX_OUTPUT;
			output->data[MAX_OUTPUT] = 0;
		}
	}
}

static void run_command(struct join *j, const struct command *c)
{
	int ends[2], status = 0;
	struct text line = {0}, output = {0};
	for (char **word = c->word; *word; word++) {
		text_string(&line, line.size ? " " : "");
		text_readable(&line, *word);
	}
	say("%s\n", line.data);
	if (pipe2(ends, O_CLOEXEC))
		fail("cannot make a pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		fail("cannot start a process: %s", strerror(errno));
	if (pid == 0)
		child(j, c, ends[1]);
	close(ends[1]);
	read_output(ends[0], &output);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		fail("%s, which makes %s anew of what several packages have, was ended by signal %d:\n%s", line.data, c->path, WTERMSIG(status), output.data);
	if (WEXITSTATUS(status))
		fail("%s, which makes %s anew of what several packages have, failed with code %d:\n%s", line.data, c->path, WEXITSTATUS(status), output.data);
	text_free(&line);
	text_free(&output);
}

// remove_leftovers removes what no layer is to have and a command left in the root.
static void remove_leftovers(struct join *j)
{
	for (size_t i = 0; i < j->rules->count; i++) {
		const struct rule *r = &j->rules->list[i];
		struct task t = {.kind = TASK_REMOVE, .path = r->pattern};
		if (r->kind == RULE_DROP && !strpbrk(r->pattern, "*?") && tree_facts(&j->root, r->pattern).kind == 'f' &&
		    tree_facts(&j->start, r->pattern).kind == '-')
			do_task(j, &t);
	}
}

void run_commands(struct join *j)
{
	for (size_t i = 0; i < j->commands; i++)
		run_command(j, &j->command[i]);
	if (j->commands)
		remove_leftovers(j);
}
