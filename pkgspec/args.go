package pkgspec

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// argument is a build argument that jetkit itself takes.
type argument struct {
	name string
	// key is what it sets, as it is called in the file.
	key string
	set func(said)
}

// arguments lists jetkit's build arguments, in the order they are applied: what
// takes something away comes after what sets it.
func (l *loader) arguments() []argument {
	t, build, tests, image := &l.spec.Target, &l.spec.Build, &l.spec.Tests, &l.spec.Image
	return []argument{
		{"L4T_VERSION", "target.l4t", l.asked(&t.L4T, &t.JetPack)},
		{"JETPACK_VERSION", "target.jetpack", l.asked(&t.JetPack, &t.L4T)},
		{"CUDA_VERSION", "target.cuda", l.asked(&t.CUDA, nil)},
		{"PYTHON_VERSION", "target.python", l.asked(&t.Python, nil)},
		{"LSB_RELEASE", "target.ubuntu", l.asked(&t.Ubuntu, nil)},
		{"CUDA_ARCH", "target.arch", l.asked(&t.Arch, nil)},
		{"BASE_IMAGE", "base", func(s said) { l.spec.Base = l.image(s) }},
		{"PYTHON_IMAGE", "python_image", func(s said) { l.spec.PythonImage = l.image(s) }},
		{"PACKAGES", "packages", func(s said) { l.spec.Packages = l.packages(l.splitSome(s)) }},
		{"SKIP_PACKAGES", "skip", func(s said) { l.spec.Skip = l.names(split(s)) }},
		{"PACKAGE_DIRS", "sources", l.packageDirs},
		{"BUILD_GPU", "build.gpu", l.gpuMode(&build.GPU)},
		{"BUILD_DEVICE", "build.device", l.device(&build.Device)},
		{"BUILD_NETWORK", "build.network", l.network(&build.Network)},
		{"BUILD_SHM_SIZE", "build.shm_size", l.shmSize(&build.ShmSize)},
		{"BUILD_ULIMITS", "build.ulimits", l.ulimitsArg(&build.Ulimits)},
		{"BUILD_PRIVILEGED", "build.privileged", l.privilegedArg(&build.Privileged)},
		{"TESTS", "tests.run", l.testRun},
		{"SKIP_TESTS", "tests.skip", l.skipTests},
		{"TEST_ONLY", "tests.only", l.testOnly},
		{"TEST_GPU", "tests.gpu", l.gpuMode(&tests.GPU)},
		{"TEST_DEVICE", "tests.device", l.device(&tests.Device)},
		{"TEST_EPOCH", "tests.epoch", func(s said) { tests.Epoch = s.text }},
		{"TEST_DATA", "tests.data", l.testData},
		{"TEST_NETWORK", "tests.network", l.network(&tests.Network)},
		{"TEST_SHM_SIZE", "tests.shm_size", l.shmSize(&tests.ShmSize)},
		{"TEST_ULIMITS", "tests.ulimits", l.ulimitsArg(&tests.Ulimits)},
		{"TEST_PRIVILEGED", "tests.privileged", l.privilegedArg(&tests.Privileged)},
		{"IMAGE_ENTRYPOINT", "image.entrypoint", l.commandArg(&image.Entrypoint)},
		{"IMAGE_CMD", "image.cmd", l.commandArg(&image.Cmd)},
		{"IMAGE_ENV", "image.env", l.imageEnv},
		{"IMAGE_WORKDIR", "image.workdir", l.workdir},
		{"IMAGE_USER", "image.user", l.user},
	}
}

// argument returns jetkit's argument of that name, or nil.
func (l *loader) argument(name string) *argument {
	all := l.arguments()
	if i := slices.IndexFunc(all, func(a argument) bool { return a.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// givenArgs leaves out arguments without a value: that is how CI systems pass
// a variable that isn't set.
func givenArgs(args map[string]string) map[string]string {
	given := maps.Clone(args)
	maps.DeleteFunc(given, func(_, value string) bool { return strings.TrimSpace(value) == "" })
	return given
}

// apply lets the build arguments win over the file, and records what they
// changed.
func (l *loader) apply() {
	before := l.settings()
	setBy := map[string]string{}
	rest := maps.Clone(l.args)
	for _, a := range l.arguments() {
		value, given := rest[a.name]
		if !given {
			continue
		}
		delete(rest, a.name)
		s := said{text: strings.TrimSpace(value), name: cmp.Or(l.options[a.name], "--build-arg "+a.name)}
		if a.name != "IMAGE_ENTRYPOINT" && a.name != "IMAGE_CMD" && !l.checkLine(s) {
			continue
		}
		earlier := l.settings()
		a.set(s)
		for key := range changes(earlier, l.settings()) {
			setBy[key] = a.name
		}
	}
	l.passOn(rest, setBy)
	after := l.settings()
	for _, key := range slices.Sorted(maps.Keys(setBy)) {
		if before[key] != after[key] {
			l.spec.Overrides = append(l.spec.Overrides, plan.Override{
				Key: key, Arg: setBy[key], Option: l.options[setBy[key]], Old: before[key], New: after[key],
			})
		}
	}
}

// changes gives the keys whose values differ.
func changes(a, b map[string]string) map[string]bool {
	changed := map[string]bool{}
	for _, m := range []map[string]string{a, b} {
		for key := range m {
			if a[key] != b[key] {
				changed[key] = true
			}
		}
	}
	return changed
}

// passOn hands the arguments that are not jetkit's to the Dockerfiles.
func (l *loader) passOn(args map[string]string, setBy map[string]string) {
	known := l.arguments()
	names := make([]string, len(known))
	for i := range known {
		names[i] = known[i].name
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		s := said{text: name, name: "--build-arg " + yamlnode.Excerpt(name)}
		if plan.IsBuilderArg(name) || !l.checkEnvName(s) {
			continue
		}
		l.warnSecret(s)
		if near := likelySlip(name, names); near != "" {
			l.problems.Warnf(rules.UnknownArg, s.at, "did you mean "+near+"?",
				"%s is not an argument of jetkit's; it goes to the packages' Dockerfiles", s.name)
		}
		if l.spec.Args == nil {
			l.spec.Args = map[string]string{}
		}
		if _, overridden := l.spec.Args[name]; overridden {
			setBy["args."+name] = name
		}
		l.spec.Args[name] = args[name]
		delete(l.spec.ArgsAt, name)
	}
}

// asked reads a value of the target. If it is one of L4T and JetPack, which
// determine each other, what the file says of the other is dropped.
func (l *loader) asked(into, other *platform.Asked) func(said) {
	return func(s said) {
		*into = platform.Asked{Value: s.text, From: s.name, At: s.at}
		if other != nil && other.At.File != "" {
			*other = platform.Asked{}
		}
	}
}

// packageDirs reads PACKAGE_DIRS: folders to search before the built-in
// packages.
func (l *loader) packageDirs(s said) {
	var sources []Source
	for _, dir := range l.splitSome(s) {
		if folder, ok := l.folder(dir); ok {
			sources = append(sources, Source{Kind: plan.Context, Dir: folder})
		}
	}
	sources = append(sources, Source{Kind: plan.Builtin, Dir: "."})
	l.spec.Sources = l.distinct(s.name, sources)
}

// commandArg reads a JSON list of words, or a script for the shell, as CMD in a
// Dockerfile.
func (l *loader) commandArg(into *[]string) func(said) {
	return func(s said) {
		if !strings.HasPrefix(s.text, "[") {
			*into = shellForm(s.text)
			return
		}
		var words []string
		if err := json.Unmarshal([]byte(s.text), &words); err != nil || len(words) == 0 {
			l.reject(s, `write a JSON list, such as ["python3", "app.py"], or a command for the shell`, "%s is not a list of texts", yamlnode.Quote(s.text))
			return
		}
		*into = words
	}
}

// imageEnv reads IMAGE_ENV: variables to set, beside those of the file.
func (l *loader) imageEnv(s said) {
	for entry := range strings.SplitSeq(s.text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok {
			l.reject(s, "write NAME=value,OTHER=value; a value with a comma can only be set in the file, under image.env", "%s is not NAME=value", yamlnode.Quote(entry))
			continue
		}
		l.setEnv(said{text: name, name: s.name}, said{text: value, name: s.name})
	}
}

// split gives the words of a build argument that is a list.
func split(s said) []said {
	var words []said
	for word := range strings.FieldsFuncSeq(s.text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		words = append(words, said{text: word, name: s.name, at: s.at})
	}
	return words
}

// splitSome is split for arguments that must name something.
func (l *loader) splitSome(s said) []said {
	words := split(s)
	if len(words) == 0 {
		l.reject(s, "separate names with commas", "%s names nothing", yamlnode.Quote(s.text))
	}
	return words
}

// likelySlip returns the known argument that a name is a mistyping of, or "".
// It is stricter than diag.Nearest, since other people's arguments are alike:
// CUDNN_VERSION and CUDF_VERSION are good names.
func likelySlip(name string, known []string) string {
	near := diag.Nearest(yamlnode.Excerpt(name), known)
	if near == "" || !isSlip(strings.ToUpper(name), near) {
		return ""
	}
	return near
}

// isSlip tells whether one letter was left out, added, or swapped with the
// next, or one in a word of more than four letters was replaced.
func isSlip(a, b string) bool {
	word := 0 // where the word with the difference begins
	for a != "" && b != "" && a[0] == b[0] {
		word++
		if a[0] == '_' {
			word = 0
		}
		a, b = a[1:], b[1:]
	}
	tail := 0
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		tail++
		if a[len(a)-1] == '_' {
			tail = 0
		}
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a)+len(b) <= 1:
		return true
	case len(a) == 1 && len(b) == 1:
		return word+1+tail > 4
	}
	return len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// warnSecret warns of arguments that look like secrets, which everyone who has
// the image could read.
func (l *loader) warnSecret(name said) {
	what := name.name
	if name.inFile() {
		what += ": " + yamlnode.Excerpt(name.text)
	}
	padded := "_" + strings.ToUpper(name.text) + "_"
	for _, word := range []string{"PASS", "PASSWD", "PASSWORD", "TOKEN", "SECRET", "CREDENTIAL", "CREDENTIALS", "APIKEY", "API_KEY"} {
		if strings.Contains(padded, "_"+word+"_") {
			l.problems.Warnf(rules.SecretArg, name.at, "pass it with --secret, and use it with RUN --mount=type=secret in the Dockerfile",
				"%s looks like a secret, and build arguments stay readable in the image", what)
			return
		}
	}
}
