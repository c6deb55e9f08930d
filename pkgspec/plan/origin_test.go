package plan_test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

func TestFileNames(t *testing.T) {
	trees := []plan.Origin{
		{Kind: plan.Builtin},
		{Kind: plan.Named, Name: "robots"},
		{Kind: plan.Repository, Name: "jetson-containers"},
		{Kind: plan.Repository, Name: "https://host/a.git"},
		{Kind: plan.Repository, Name: "https://host/a.git#v1"},
		{Kind: plan.Repository, Name: "https://host/a.git#v1:packages"},
		{Kind: plan.ImageTree, Name: "docker-image://robots/packages:1"},
	}
	for want, o := range map[string]plan.Origin{
		"builtin:math/numpy/Dockerfile":                   {Kind: plan.Builtin, Path: "math/numpy"},
		"robots:arm/Dockerfile":                           {Kind: plan.Named, Name: "robots", Path: "arm"},
		"jetson-containers:llm/Dockerfile":                {Kind: plan.Repository, Name: "jetson-containers", Path: "llm"},
		"https://host/a.git:arm/Dockerfile":               {Kind: plan.Repository, Name: "https://host/a.git", Path: "arm"},
		"https://host/a.git#v1:arm/Dockerfile":            {Kind: plan.Repository, Name: "https://host/a.git#v1", Path: "arm"},
		"https://host/a.git#v1:packages/arm/Dockerfile":   {Kind: plan.Repository, Name: "https://host/a.git#v1:packages", Path: "arm"},
		"docker-image://robots/packages:1:arm/Dockerfile": {Kind: plan.ImageTree, Name: "docker-image://robots/packages:1", Path: "arm"},
		"my-robot/Dockerfile":                             {Kind: plan.Context, Path: "my-robot"},
		"odd:name/Dockerfile":                             {Kind: plan.Context, Path: "odd:name"},
		"Dockerfile":                                      {Kind: plan.Context, Path: "."},
	} {
		file := o.File("Dockerfile")
		assert.Equal(t, want, file)
		found := plan.ParseFile(file, trees)
		assert.Equal(t, plan.Origin{Kind: o.Kind, Name: o.Name, Path: found.Path}, found)
		assert.Equal(t, path.Join(o.Path, "Dockerfile"), found.Path)
	}
	assert.Equal(t, "builtin:a", plan.Origin{Kind: plan.Builtin, Path: "a"}.File(""), "the folder itself")
	assert.Equal(t, "./a", plan.Origin{Kind: plan.Context, Path: "a"}.String())
	assert.Equal(t, "context", plan.Origin{Kind: plan.Context, Path: "a"}.Tree())
	assert.Equal(t, "robots", plan.Origin{Kind: plan.Named, Name: "robots"}.Tree())
}

func TestFacts(t *testing.T) {
	target := plan.Target{CUDA: plan.Value{Value: "12.6", Reason: "default"}}
	for _, f := range target.Facts() {
		assert.NotEmpty(t, f.Key)
		assert.NotEmpty(t, f.Variable)
		assert.NotEmpty(t, f.Title)
		if f.Key == "cuda" {
			assert.Equal(t, plan.Fact{Key: "cuda", Variable: "CUDA_VERSION", Title: "CUDA", Value: target.CUDA}, f)
		} else {
			assert.Empty(t, f.Value)
		}
	}
}
