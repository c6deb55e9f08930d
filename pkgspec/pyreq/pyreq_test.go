package pyreq

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Requirement{
		"torch==2.8.0":                     {"torch", "==2.8.0"},
		"Torch_TensorRT == 2.8":            {"torch-tensorrt", "==2.8"},
		" numpy >=1.26, <2 ":               {"numpy", ">=1.26,<2"},
		"torch==2.1.0a0+41361538.nv23.06":  {"torch", "==2.1.0a0+41361538.nv23.06"},
		"a.b-c~=1.4":                       {"a-b-c", "~=1.4"},
		"numpy==1.*":                       {"numpy", "==1.*"},
		"numpy!=1.26.*,<2":                 {"numpy", "!=1.26.*,<2"},
		"torch===2.8.0":                    {"torch", "===2.8.0"},
		"p>=1!2.0":                         {"p", ">=1!2.0"},
		"jetson-stats>4.2,<=4.3.0,!=4.2.9": {"jetson-stats", ">4.2,<=4.3.0,!=4.2.9"},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"":                         `"" does not begin with the name of a Python project; write a project and its version: torch==2.8.0`,
		"==2.8":                    `"==2.8" does not begin with the name of a Python project; write a project and its version: torch==2.8.0`,
		"torch":                    `"torch" has no version; write which one: torch==2.8.0, say`,
		"torch 2.8":                `"2.8" is not a version specifier; write torch==2.8`,
		"torch=2.8":                `"=2.8" is not a version specifier; write torch==2.8`,
		"torch:2.8":                `":2.8" is not a version specifier; write torch==2.8`,
		"torch>=2.*":               `">=2.*" is not a version specifier; write it as pip does: ==2.8.0, or >=1.26,<2`,
		"torch==2.8,":              `"" is not a version specifier; write it as pip does: ==2.8.0, or >=1.26,<2`,
		"torch[cuda]==2.8":         `"torch[cuda]==2.8" has more than a version; leave out extras, markers and URLs: torch==2.8.0, say`,
		"torch==2.8; python>3":     `"torch==2.8; python>3" has more than a version; leave out extras, markers and URLs: torch==2.8.0, say`,
		"torch @ https://x/y.whl":  `"torch @ https://x/y.whl" has more than a version; leave out extras, markers and URLs: torch==2.8.0, say`,
		"torch==2.8\n-r /etc/pass": `"torch==2.8\n-r /etc/pass" does not begin with the name of a Python project; write a project and its version: torch==2.8.0`,
		"torch==2.8 --pre":         `"==2.8 --pre" is not a version specifier; write it as pip does: ==2.8.0, or >=1.26,<2`,
	} {
		_, err := Parse(text)
		assert.EqualError(t, err, want, text)
	}
}

func TestExpand(t *testing.T) {
	args := map[string]string{"TORCH_VERSION": "2.8.0", "EMPTY": ""}
	got, err := Expand("torch==${TORCH_VERSION}", args)
	require.NoError(t, err)
	assert.Equal(t, Requirement{"torch", "==2.8.0"}, got)
	_, err = Expand("torch==${TORCH}", args)
	require.EqualError(t, err, `"torch==${TORCH}" names a build argument that the package does not have: TORCH; give it under build_args`)
	_, err = Expand("torch==${EMPTY}", args)
	require.ErrorContains(t, err, "is not a version specifier")
	_, err = Expand("torch==$TORCH_VERSION", args)
	require.ErrorContains(t, err, "is not a version specifier")
}

func TestContradict(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"==2.8.0", "==2.8.0", false},
		{"==2.8", "==2.8.0", false},
		{"==2.8.0", "==2.9.0", true},
		{"==2.8.0", "==2.8.0+cpu", false},
		{"==2.8.0+cu126", "==2.8.0+cpu", true},
		{"==1.26.4", "<2", false},
		{"==2.0.1", "<2", true},
		{"==2.0.1", ">=1.26,<2", true},
		{"==2.0.1", ">=2.0.1", false},
		{"==2.0.1", ">2.0.1", true},
		{"==2.0.1", "<=2.0", true},
		{"==2.0.1", "!=2.0.1", true},
		{"==1.26.4", "==1.*", false},
		{"==2.26.4", "==1.*", true},
		{"==1.26.4", "!=1.26.*", true},
		{"==1.5.2", "~=1.4", false},
		{"==2.0", "~=1.4", true},
		{"==1.4.9", "~=1.4.2", false},
		{"==1.5.0", "~=1.4.2", true},
		{"==2.1.0a0+nv23.06", "==2.1.0a0+nv23.06", false},
		{"==2.1.0a0+nv23.06", "==2.1.0a0+nv23.08", true},
		{"==2.1.0a0+nv23.06", ">=2", false},
		{">=2", "<1", false},
		{"===2.8.0", "==2.9.0", true},
	} {
		assert.Equal(t, c.want, Contradict(c.a, c.b), "%s and %s", c.a, c.b)
		assert.Equal(t, c.want, Contradict(c.b, c.a), "%s and %s", c.b, c.a)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("numpy >=1.26, <2")
	f.Add("torch==2.1.0a0+41361538.nv23.06")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(got.Project + got.Specifier)
		require.NoError(t, err)
		require.Equal(t, got, again)
		Contradict(got.Specifier, "==1.0")
	})
}
