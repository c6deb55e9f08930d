// Makes package layers whole (see layers.go). Two steps of a build run it:
//
//   layers record --rules FILE [--before DIR] --after DIR --diff DIR --out DIR
//   layers join --rules FILE [--warn] [--report FILE] --root DIR [--start DIR] [--layer NAME=DIR …]
//
// record writes what a copy of the difference that a package made has lost. join has
// layers merged in --root, and applies what their records say. Packages that do not fit
// together are named on stderr, and the exit code is 3. With --report all that is to be said
// of them goes to a file, and nothing else is changed. With --warn it goes to stderr, and the
// later package stays.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "join.h"

struct options {
	const char *rules, *before, *after, *diff, *out, *report, *root, *start;
	bool warn;
	char **layer;
	size_t layers, layers_room;
};

static _Noreturn void usage(const char *wrong, const char *what)
{
	fprintf(stderr, "layers: %s%s\n", wrong, what);
	exit(EXIT_USAGE);
}

static const char **option_value(struct options *o, const char *name)
{
	struct {
		const char *name, **value;
	} known[] = {
		{"--rules", &o->rules}, {"--before", &o->before}, {"--after", &o->after}, {"--diff", &o->diff}, {"--out", &o->out},
		{"--report", &o->report}, {"--root", &o->root}, {"--start", &o->start},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].value;
	return NULL;
}

static struct options read_options(int count, char **words)
{
	struct options o = {0};
	for (int i = 2; i < count; i++) {
		if (strcmp(words[i], "--warn") == 0) {
			o.warn = true;
			continue;
		}
		bool layer = strcmp(words[i], "--layer") == 0;
		const char **value = option_value(&o, words[i]);
		if (!layer && !value)
			usage("unknown option ", words[i]);
		if (i + 1 == count)
			usage("no value for ", words[i]);
		i++;
		if (value) {
			*value = words[i];
			continue;
		}
		o.layer = grow(o.layer, &o.layers_room, o.layers + 1, sizeof(*o.layer));
		o.layer[o.layers++] = words[i];
	}
	return o;
}

static int run_record(const struct options *o)
{
	if (!o->rules || !o->after || !o->diff || !o->out)
		usage("record needs ", "--rules, --after, --diff and --out");
	struct rules rules = rules_read(o->rules);
	struct tree before = tree_open("the file system before", o->before), after = tree_open("the file system after", o->after);
	struct tree diff = tree_open("the difference", o->diff), out = tree_open("the record", o->out);
	record(&rules, &before, &after, &diff, &out);
	return 0;
}

static void add_layer(struct join *j, char *word)
{
	char *equals = strchr(word, '=');
	if (!equals || equals == word)
		usage("--layer is NAME=DIR and not ", word);
	char *folder = copy_bytes(word, (size_t)(equals - word)), *name = copy_string(folder);
	if (strchr(folder, '/') || strcmp(folder, ".") == 0 || strcmp(folder, "..") == 0 || unescape(name) < 1)
		usage("no name of a layer: ", folder);
	struct text readable = {0}, tree_name = {0};
	text_readable(&readable, name);
	text_format(&tree_name, "the layer of %s", readable.data);
	struct tree tree = tree_open(tree_name.data, equals + 1);
	j->layer = grow(j->layer, &j->layers_room, j->layers + 1, sizeof(*j->layer));
	j->layer[j->layers] = layer_load(folder, readable.data, &tree);
	j->layer[j->layers++].tree = tree;
	free(folder);
	free(name);
	text_free(&readable);
}

static void write_report(const char *file, const struct text *t)
{
	FILE *f = fopen(file, "we");
	if (!f || (t->size && fwrite(t->data, t->size, 1, f) != 1) || fclose(f))
		fail("cannot write %s: %s", file, strerror(errno));
}

static int run_join(const struct options *o)
{
	if (!o->rules || !o->root)
		usage("join needs ", "--rules and --root");
	struct rules rules = rules_read(o->rules);
	struct join j = {.rules = &rules, .start = tree_open("the file system before", o->start), .root = tree_open("the image", o->root)};
	for (size_t i = 0; i < o->layers; i++)
		add_layer(&j, o->layer[i]);
	renumber(&j);
	merge_changes(&j);
	find_stale(&j);
	find_distributions(&j);
	leave_out_files(&j);
	name_others(&j);
	struct text report = {0};
	if (o->report || o->warn)
		conflict_report(&j, &report);
	else
		conflict_names(&j, &report);
	if (o->report) {
		write_report(o->report, &report);
		return 0;
	}
	if (report.size)
		fwrite(report.data, report.size, 1, stderr);
	if (report.size && !o->warn)
		return EXIT_CONFLICT;
	do_tasks(&j);
	set_choices(&j);
	run_commands(&j);
	return 0;
}

int main(int count, char **words)
{
	umask(0);
	if (count > 1 && strcmp(words[1], "record") == 0) {
		struct options o = read_options(count, words);
		return run_record(&o);
	}
	if (count > 1 && strcmp(words[1], "join") == 0) {
		struct options o = read_options(count, words);
		return run_join(&o);
	}
	usage("what is to be done: ", "record or join");
}
