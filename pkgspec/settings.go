package pkgspec

import (
	"encoding/json"
	"maps"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// settings gives everything that a build argument can change as text, by its
// name in the file; what nobody set is left out. Comparing two of them tells
// what an argument did, however it did it.
func (l *loader) settings() map[string]string {
	s := l.spec
	all := map[string]string{
		"target.l4t":       s.Target.L4T.Value,
		"target.jetpack":   s.Target.JetPack.Value,
		"target.cuda":      s.Target.CUDA.Value,
		"target.python":    s.Target.Python.Value,
		"target.ubuntu":    s.Target.Ubuntu.Value,
		"target.arch":      s.Target.Arch.Value,
		"base":             s.Base.Value,
		"python_image":     s.PythonImage.Value,
		"packages":         listText(s.Packages, func(p PackageRef) string { return p.Value }),
		"sources":          listText(s.Sources, sourceText),
		"skip":             namesText(s.Skip),
		"build.gpu":        string(s.Build.GPU),
		"build.device":     s.Build.Device,
		"build.network":    string(s.Build.Network),
		"build.shm_size":   plan.SizeText(s.Build.ShmSize),
		"build.ulimits":    plan.UlimitsText(s.Build.Ulimits),
		"build.privileged": privilegedText(s.Build.Privileged),
		"tests.run":        string(s.Tests.Run),
		"tests.skip":       namesText(s.Tests.Skip),
		"tests.only":       namesText(s.Tests.Only),
		"tests.gpu":        string(s.Tests.GPU),
		"tests.device":     s.Tests.Device,
		"tests.epoch":      s.Tests.Epoch,
		"tests.data":       s.Tests.Data,
		"tests.network":    string(s.Tests.Network),
		"tests.shm_size":   plan.SizeText(s.Tests.ShmSize),
		"tests.ulimits":    plan.UlimitsText(s.Tests.Ulimits),
		"tests.privileged": privilegedText(s.Tests.Privileged),
		"image.entrypoint": commandText(s.Image.Entrypoint),
		"image.cmd":        commandText(s.Image.Cmd),
		"image.workdir":    s.Image.Workdir,
		"image.user":       s.Image.User,
	}
	for name, value := range s.Image.Env {
		all["image.env."+name] = value
	}
	for name, value := range s.Args {
		all["args."+name] = value
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

func listText[T any](list []T, text func(T) string) string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = text(item)
	}
	return strings.Join(texts, ", ")
}

func namesText(names []diag.Text) string {
	return listText(names, func(t diag.Text) string { return t.Value })
}

func privilegedText(names []diag.Text) string {
	switch {
	case names == nil:
		return ""
	case len(names) == 0:
		return "false"
	case len(names) == 1 && names[0].Value == everyPackage:
		return "true"
	}
	return namesText(names)
}

func sourceText(s Source) string {
	switch {
	case s.Kind == plan.Builtin:
		return string(plan.Builtin)
	case s.Kind == plan.Context:
		return s.Dir
	case s.Dir == ".":
		return s.Name
	}
	return s.Name + ":" + s.Dir
}

func commandText(words []string) string {
	if len(words) == 0 {
		return ""
	}
	text, err := json.Marshal(words)
	if err != nil { // it can't be: words are texts
		return strings.Join(words, " ")
	}
	return string(text)
}
