package platform

import (
	"strings"
	"testing"

	"jetkit/pkgspec/dotted"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// file is a file of facts as it is named below a folder of the build context.
func file(name, data string) FactsFile {
	return FactsFile{Table: name, Name: "facts/" + name, Data: []byte(data)}
}

func TestExtend(t *testing.T) {
	tables, problems := BuiltIn().Extend(
		file("l4t.json", `{"releases": [
			{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "26.04", "cuda": "13.4", "cudnn": "9.27.0.42", "sm": [87, 115], "source": "our own board"},
			{"l4t": "36.4.3", "jetpack": "6.2", "ubuntu": "22.04", "cuda": "12.9", "sm": [87]}]}`),
		file("sm.json", `{"capabilities": [{"sm": 115, "devices": "Thor 2", "first_cuda": "13.4"}]}`),
	)
	require.Empty(t, problems)

	req := request("linux/arm64", "jetpack", "7.3")
	req.Tables = tables
	target, base, problems := Resolve(req)
	require.Empty(t, problems)
	require.Equal(t, "39.3.0", target.L4T.Value)
	require.Equal(t, "13.4", target.CUDA.Value)
	require.Equal(t, "default of L4T 39.3.0", target.CUDA.Reason)
	require.Equal(t, "our own board, in facts/l4t.json:2:4", target.CUDA.Source)
	require.Equal(t, "3.14", target.Python.Value)
	require.Equal(t, "87;115", target.CUDAArchitectures.Value)
	require.Equal(t, "ubuntu:26.04", base.Value)

	req = request("linux/arm64", "l4t", "36.4.3")
	req.Tables = tables
	target, _, problems = Resolve(req)
	require.Empty(t, problems)
	require.Equal(t, "12.9", target.CUDA.Value, "a row takes the place of the built-in one")
	require.Equal(t, "facts/l4t.json:3:4", target.CUDA.Source)

	target, _, _ = Resolve(request("linux/arm64", "l4t", "36.4.3"))
	require.Equal(t, "12.6", target.CUDA.Value, "the built-in tables are as they were")
}

// TestExtendSmallTables adds rows whose order counts.
func TestExtendSmallTables(t *testing.T) {
	tables, problems := BuiltIn().Extend(
		file("arch.json", `{
			"board_arches": [{"from_l4t": "36.9", "arch": "aarch64", "reason": "boards use SBSA from L4T 36.9 on"}],
			"cuda_limits": [{"before_l4t": "38", "before_cuda": "14.0", "reason": "tried"}],
			"cuda_architectures": [{"arch": "x86_64", "from_cuda": "13.2", "sm": [120]}]}`),
		file("ubuntu.json", `{"releases": [{"release": "26.10", "codename": "Striking", "python": "3.15"}]}`),
	)
	require.Empty(t, problems)
	req := request("linux/arm64", "l4t", "36.9", "cuda", "13.2", "ubuntu", "striking")
	req.Tables = tables
	target, _, problems := Resolve(req)
	require.False(t, problems.HasErrors(), "%v", problems)
	require.Equal(t, archSBSA, target.Arch.Value)
	require.Equal(t, "26.10", target.Ubuntu.Value)
	require.Equal(t, "3.15", target.Python.Value)

	pc := request("linux/amd64")
	pc.Tables = tables
	target, _, _ = Resolve(pc)
	require.Equal(t, "120", target.CUDAArchitectures.Value)
}

func TestFactsProblems(t *testing.T) {
	long := strings.Repeat(" ", maxFacts+1)
	for name, test := range map[string]struct {
		file FactsFile
		want string
	}{
		"not a table":     {file("l4t.jsn", `{}`), "facts/l4t.jsn: error: l4t.jsn is none of the tables: arch.json, l4t.json, sm.json, sources.json and ubuntu.json [bad-facts]\n    hint: did you mean l4t.json?"},
		"large":           {file("sm.json", long), "facts/sm.json: error: the file is larger than 1024 KiB [too-large]"},
		"empty":           {file("sm.json", ""), "facts/sm.json: error: the file is empty [empty-file]\n    hint: write a table, or remove the file"},
		"cut":             {file("sm.json", "{\n \"capabilities\": ["), "facts/sm.json:2:19: error: the JSON is not valid: it ends too early [json-syntax]\n    hint: check the quotes, commas and brackets before it"},
		"syntax":          {file("sm.json", "{\n \"capabilities\" = 3}"), "facts/sm.json:2:17: error: the JSON is not valid: invalid character '=' after object key [json-syntax]\n    hint: check the quotes, commas and brackets before it"},
		"text after it":   {file("sm.json", "{}\n{}"), "facts/sm.json:2:2: error: the JSON is not valid: there is text after the end of the document [json-syntax]\n    hint: check the quotes, commas and brackets before it"},
		"a list":          {file("sm.json", "[]"), "facts/sm.json:1:1: error: the file must be a mapping, not an empty list [wrong-type]"},
		"no list":         {file("sm.json", `{"capabilities": {}}`), "facts/sm.json:1:18: error: the table must be a list, not a mapping [wrong-type]"},
		"unknown table":   {file("sm.json", "{\n\"capability\": []}"), "facts/sm.json:2:1: error: unknown key \"capability\": sm.json has $comment and capabilities [unknown-key]\n    hint: did you mean capabilities?"},
		"names of arches": {file("arch.json", `{"arches": []}`), "facts/arch.json:1:2: error: unknown key \"arches\": arch.json has $comment, board_arches, cuda_architectures and cuda_limits [unknown-key]"},
		"unknown key": {
			file("l4t.json", `{"releases": [
{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "24.04", "cudda": "13.4", "sm": [87]}]}`),
			"facts/l4t.json:2:56: error: unknown key \"cudda\" in a release [unknown-key]\n    hint: did you mean cuda?",
		},
		"no name for a key": {file("l4t.json", `{"releases": [{"": 1}]}`), "facts/l4t.json:1:16: error: unknown key \"\" in a release [unknown-key]"},
		"key twice":         {file("sm.json", `{"capabilities": [{"sm": 115, "sm": 2, "devices": "x", "first_cuda": "13.4"}]}`), "facts/sm.json:1:31: error: the key \"sm\" occurs twice [duplicate-key]\n    hint: keep one of them\n    facts/sm.json:1:20: the first one is here"},
		"wrong type":        {file("l4t.json", `{"releases": [{"l4t": 39.3}]}`), "facts/l4t.json:1:23: error: l4t must be a text, not a number [wrong-type]"},
		"no number": {
			file("l4t.json", `{"releases": [{"l4t": "39.3", "jetpack": "7.3", "ubuntu": "24.04", "cuda": "13.4", "sm": [87]}]}`),
			"facts/l4t.json:1:16: error: l4t: \"39.3\" is not an L4T release [bad-facts]\n    hint: write three numbers, as in 36.4.3",
		},
		"only what changes": {
			file("l4t.json", `{"releases": [{"l4t": "36.4.4", "cudnn": "9.4"}]}`),
			"facts/l4t.json:1:15: error: the row has no ubuntu and cuda [bad-facts]\n    hint: a row takes the place of one for the same release, so it must be whole",
		},
		"no sm": {
			file("l4t.json", `{"releases": [{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "24.04", "cuda": "13.4"}]}`),
			"facts/l4t.json:1:15: error: the row has no sm [bad-facts]\n    hint: write the boards' compute capabilities times ten, as in [87]",
		},
		"unknown sm": {
			file("l4t.json", `{"releases": [{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "24.04", "cuda": "13.4", "sm": [88]}]}`),
			"facts/l4t.json:1:15: error: no table has the compute capability 88 [bad-facts]\n    hint: add it to sm.json",
		},
		"unknown ubuntu": {
			file("l4t.json", `{"releases": [{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "25.10", "cuda": "13.4", "sm": [87]}]}`),
			"facts/l4t.json:1:15: error: no table has Ubuntu 25.10 [bad-facts]\n    hint: add it to ubuntu.json, or give the row a python",
		},
		"no image": {
			file("l4t.json", `{"releases": [{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "24.04", "cuda": "13.4", "sm": [87], "base": "Ubuntu 24"}]}`),
			"facts/l4t.json:1:98: error: base: \"Ubuntu 24\" is not an image: invalid reference format: repository name (library/Ubuntu 24) must be lowercase [bad-facts]",
		},
		"JetPack falls": {
			file("l4t.json", `{"releases": [{"l4t": "39.3.0", "jetpack": "7.1", "ubuntu": "24.04", "cuda": "13.4", "sm": [87]}]}`),
			"facts/l4t.json:1:15: error: L4T 39.3.0 cannot be JetPack 7.1, as the older L4T 39.2.2 is JetPack 7.2.2 [bad-facts]\n    hint: JetPacks rise with L4T; is one of the two numbers wrong?",
		},
		"control characters": {
			file("sm.json", `{"capabilities": [{"sm": 115, "devices": "\u001b]52;", "first_cuda": "13.4"}]}`),
			"facts/sm.json:1:31: error: devices: control characters are not allowed [bad-facts]",
		},
		"arch of no Jetson": {
			file("arch.json", `{"board_arches": [{"from_l4t": "40", "arch": "riscv", "reason": "x"}]}`),
			"facts/arch.json:1:38: error: arch: \"riscv\" is not the arch of a Jetson [bad-facts]\n    hint: write tegra-aarch64 or aarch64",
		},
		"no repository": {
			file("sources.json", `{"repositories": [{"name": "robots", "git": "robots/packages"}]}`),
			"facts/sources.json:1:38: error: git: \"robots/packages\" is neither a URL nor the name of a repository [bad-facts]\n    hint: write the URL of a repository, as in https://host/repository.git",
		},
		"a repository and more": {
			file("sources.json", `{"repositories": [{"name": "robots", "git": "https://host/a.git#v1"}]}`),
			"facts/sources.json:1:38: error: git: \"https://host/a.git#v1\" is more than the URL of a repository [bad-facts]\n    hint: write the URL of a repository, and ref and dir as keys of their own",
		},
		"a repository's name": {
			file("sources.json", `{"repositories": [{"name": "Robots Inc", "git": "https://host/a.git"}]}`),
			"facts/sources.json:1:20: error: name: \"Robots Inc\" is not the name of a repository [bad-facts]\n    hint: use small letters, digits and . _ - between them",
		},
		"date": {
			file("ubuntu.json", `{"releases": [{"release": "26.10", "codename": "s", "python": "3.15", "checked": "yesterday"}]}`),
			"facts/ubuntu.json:1:71: error: checked: \"yesterday\" is not a date [bad-facts]\n    hint: write a date as in 2026-11-25",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tables, problems := BuiltIn().Extend(test.file)
			require.Equal(t, test.want, text(problems))
			require.Same(t, BuiltIn(), tables)
		})
	}
}

// FuzzExtend: no file panics, and tables that are accepted resolve.
func FuzzExtend(f *testing.F) {
	for _, name := range TableNames() {
		data, err := tableFiles.ReadFile("tables/" + name)
		require.NoError(f, err)
		f.Add(name, string(data))
		f.Add(name, `{"releases": [{}], "capabilities": [{"sm": 1e9}], "cuda_limits": null, "board_arches": [[]]}`)
	}
	f.Add("l4t.json", `{"releases": [{"l4t": "39.3.0", "jetpack": "7.3", "ubuntu": "26.04", "cuda": "13.4", "sm": [87]}]}`)
	f.Fuzz(func(t *testing.T, name, data string) {
		tables, problems := BuiltIn().Extend(FactsFile{Table: name, Name: "facts:" + name, Data: []byte(data)})
		require.NotNil(t, tables)
		for _, p := range problems {
			require.NotEmpty(t, p.At.File)
		}
		for _, r := range tables.releases[max(len(tables.releases)-3, 0):] {
			req := request("linux/arm64", "l4t", r.L4T)
			req.Tables = tables
			Resolve(req)
			tables.OtherCUDAs(targetOf(r.L4T, r.CUDA, r.Python, r.Ubuntu, archSBSA), nil)
		}
	})
}

// CUDA 13 has no packages for a Jetson with L4T 36: no package may move the target there, nor a hint suggest it.
func TestOtherCUDAsAreThoseThatRunThere(t *testing.T) {
	others := BuiltIn().OtherCUDAs(targetOf("36.4.4", "12.6", "3.10", "22.04", archTegra), []string{"12.9", "13.2"})
	assert.Contains(t, others, "12.9")
	for _, cuda := range others {
		assert.Negative(t, dotted.Of(cuda).Compare(dotted.Of("13.0")), cuda)
	}
	assert.Contains(t, BuiltIn().OtherCUDAs(targetOf("36.4.4", "12.6", "3.10", "22.04", archX86), nil), "13.0", "a PC takes any")
}
