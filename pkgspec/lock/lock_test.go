package lock_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lock"
	"jetkit/pkgspec/plan"
)

var (
	digest = "sha256:" + strings.Repeat("a", 64)
	commit = strings.Repeat("1", 40)
)

// planned is a plan of two packages.
func planned() *plan.Plan {
	value := func(v string) plan.Value { return plan.Value{Value: v, Reason: "default of L4T 36.4.3"} }
	return &plan.Plan{
		Target: plan.Target{L4T: value("36.4.3"), CUDA: value("12.6")}, Base: value("ubuntu:22.04"),
		Steps: []plan.Step{
			{Name: "cuda:12.6", Origin: plan.Origin{Kind: plan.Builtin, Path: "cuda"}},
			{Name: "arm", Origin: plan.Origin{Kind: plan.Repository, Name: "https://host/a.git#main", Path: "arm"}},
		},
	}
}

func locked() *lock.Lock {
	l := lock.New()
	l.Facts = "sha256:facts"
	l.Set(lock.Image, "docker.io/library/ubuntu:22.04", digest)
	l.Set(lock.Source, "https://host/a.git#main", commit)
	l.Set(lock.HTTP, "https://host/f", digest)
	l.Platforms["linux/arm64"] = lock.ChoiceOf(planned())
	return l
}

const text = `{
  "version": 1,
  "facts": "sha256:facts",
  "pins": {
    "http": {
      "https://host/f": "DIGEST"
    },
    "images": {
      "docker.io/library/ubuntu:22.04": "DIGEST"
    },
    "sources": {
      "https://host/a.git#main": "COMMIT"
    }
  },
  "platforms": {
    "linux/arm64": {
      "target": {
        "cuda": "12.6",
        "l4t": "36.4.3"
      },
      "base": "ubuntu:22.04",
      "packages": [
        {
          "name": "cuda:12.6",
          "from": "builtin:cuda"
        },
        {
          "name": "arm",
          "from": "https://host/a.git#main:arm"
        }
      ],
      "reasons": "REASONS"
    }
  }
}
`

var fill = strings.NewReplacer("DIGEST", digest, "COMMIT", commit, "REASONS", lock.ChoiceOf(planned()).Reasons)

func TestWriteAndRead(t *testing.T) {
	dt, err := locked().Encode()
	require.NoError(t, err)
	assert.Equal(t, fill.Replace(text), string(dt))
	read, problems := lock.Read("jetson.lock", dt)
	require.Empty(t, problems)
	again, err := read.Encode()
	require.NoError(t, err)
	assert.Equal(t, string(dt), string(again))
	value, ok := read.Pin(lock.Source, "https://host/a.git#main")
	assert.True(t, ok)
	assert.Equal(t, commit, value)
	_, ok = read.Pin(lock.Git, "https://host/a.git#main")
	assert.False(t, ok, "kinds are apart")
	_, ok = (*lock.Lock)(nil).Pin(lock.Image, "x")
	assert.False(t, ok)

	assert.Equal(t, []string{"docker.io/library/ubuntu:22.04", "https://host/a.git#main", "https://host/f"}, read.Names())
	assert.True(t, read.Forget("https://host/f"))
	assert.False(t, read.Forget("https://host/f"))
	assert.Len(t, read.Names(), 2)
}

func TestName(t *testing.T) {
	for file, want := range map[string]string{"jetson.yaml": "jetson.lock", "robots/arm.yml": "robots/arm.lock", "Jetsonfile": "Jetsonfile.lock"} {
		assert.Equal(t, want, lock.Name(file))
	}
}

func TestBadLocks(t *testing.T) {
	const hint = "\n    hint: jetkit lock --update all writes it anew, and so does docker buildx build --call=jetson.lock after it is removed"
	for text, want := range map[string]string{
		"":                                     "jetson.lock: error: the lock is empty [empty-file]" + hint,
		"[]":                                   "jetson.lock:1:1: error: the lock must be a mapping, not an empty list [wrong-type]" + hint,
		"{}":                                   "jetson.lock:1:1: error: the lock has no version [missing-key]" + hint,
		`{"version": 2}`:                       "jetson.lock:1:13: error: the lock has the version 2, and this jetkit reads 1 [unknown-version]\n    hint: use the jetkit that it was made by, or make it anew with this one",
		`{"version": 1, "pin": {}}`:            "jetson.lock:1:16: error: unknown key \"pin\" in the lock [unknown-key]\n    hint: did you mean pins?",
		`{"version": 1, "pins": {"image":{}}}`: "jetson.lock:1:25: error: unknown key \"image\" in pins [unknown-key]\n    hint: did you mean images?",
		`{"version": 1, "pins": {"images": {"x": "latest"}}}`:            "jetson.lock:1:41: error: images: \"latest\" is neither a commit nor a digest [bad-value]" + hint,
		`{"version": 1, "pins": {"images": {"x": "` + commit + `"}}}`:    "jetson.lock:1:41: error: images: \"" + commit + "\" is neither a commit nor a digest [bad-value]" + hint,
		`{"version": 1, "pins": {"git": {"x": "main; rm -rf /"}}}`:       "jetson.lock:1:38: error: git: \"main; rm -rf /\" is neither a commit nor a digest [bad-value]" + hint,
		`{"version": 1, "pins": {"git": {"x": 7}}}`:                      "jetson.lock:1:38: error: git.x must be a text, not a number [wrong-type]" + hint,
		`{"version": 1, "platforms": {"p": {"packages": {}}}}`:           "jetson.lock:1:48: error: packages must be a list, not a mapping [wrong-type]" + hint,
		`{"version": 1, "platforms": {"p": {"packages": [{"nam": 1}]}}}`: "jetson.lock:1:50: error: unknown key \"nam\" in a package [unknown-key]\n    hint: did you mean name?",
		"{\"version\": 1,": "jetson.lock:1:15: error: the JSON is not valid: it ends too early [json-syntax]\n    hint: check the quotes, commas and brackets before it",
	} {
		l, problems := lock.Read("jetson.lock", []byte(text))
		assert.Nil(t, l, text)
		assert.Equal(t, want, said(problems), text)
	}
	_, problems := lock.Read("jetson.lock", []byte(strings.Repeat(" ", lock.MaxSize+1)))
	assert.Contains(t, said(problems), "the lock is larger than 4 MiB [too-large]")
}

func said(problems diag.List) string {
	var all []string
	for _, d := range problems {
		all = append(all, d.String())
	}
	return strings.Join(all, "\n")
}

func TestCompare(t *testing.T) {
	const hint = "\n    hint: jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock"
	const asked = "\n          it is asked for as it was when the lock was made: the packages, or the tables, are others"
	for name, test := range map[string]struct {
		change func(*plan.Plan)
		facts  string
		want   string
	}{
		"the same":      {func(*plan.Plan) {}, "sha256:facts", ""},
		"other reasons": {func(p *plan.Plan) { p.Base.Reason, p.Steps[0].Why = "x", []string{"y"} }, "sha256:others", ""},
		"the target": {
			func(p *plan.Plan) { p.Target.CUDA = plan.Value{Value: "12.8", Reason: "jetson.yaml:1"} }, "sha256:facts",
			"jetson.lock:18:9: error: CUDA is 12.6 in the lock, and 12.8 now: jetson.yaml:1 [lock-differs]" + hint,
		},
		"by other facts": {
			func(p *plan.Plan) { p.Target.Python = plan.Value{Value: "3.12", Reason: "default of Ubuntu 24.04"} }, "sha256:others",
			"jetson.lock: error: Python is none in the lock, and 3.12 now: default of Ubuntu 24.04 [lock-differs]" + hint +
				"\n          the tables of releases are others than the lock was made with: by another jetkit, or facts of your own",
		},
		"the base": {
			func(p *plan.Plan) { p.Base = plan.Value{Value: "ubuntu:24.04", Reason: "jetson.yaml:2"} }, "sha256:facts",
			"jetson.lock:21:7: error: the base image is ubuntu:22.04 in the lock, and ubuntu:24.04 now: jetson.yaml:2 [lock-differs]" + hint,
		},
		"a version": {
			func(p *plan.Plan) { p.Steps[0].Name = "cuda:12.8" }, "sha256:facts",
			"jetson.lock:23:9: error: cuda:12.6 is in the lock, and cuda:12.8 in the chain [lock-differs]" + hint + asked,
		},
		"a package more and one less": {
			func(p *plan.Plan) { p.Steps[0].Name = "numpy" }, "sha256:facts",
			"jetson.lock:23:9: error: cuda:12.6 is in the lock, and not in the chain [lock-differs]" + hint +
				"\njetson.lock:22:7: error: numpy is in the chain, and not in the lock [lock-differs]" + hint,
		},
		"from elsewhere": {
			func(p *plan.Plan) { p.Steps[1].Origin = plan.Origin{Kind: plan.Context, Path: "arm"} }, "sha256:facts",
			"jetson.lock:27:9: error: arm is from https://host/a.git#main:arm in the lock, and from ./arm now [lock-differs]" + hint + asked,
		},
		"another order": {
			func(p *plan.Plan) { p.Steps[0], p.Steps[1] = p.Steps[1], p.Steps[0] }, "sha256:facts",
			"jetson.lock:22:7: error: the packages are in another order than in the lock: arm, cuda:12.6 [lock-differs]" + hint,
		},
	} {
		l, problems := lock.Read("jetson.lock", []byte(fill.Replace(text)))
		require.Empty(t, problems)
		p := planned()
		test.change(p)
		assert.Equal(t, test.want, said(l.Compare("linux/arm64", p, test.facts)), name)
	}
	l, _ := lock.Read("jetson.lock", []byte(fill.Replace(text)))
	assert.Equal(t, "jetson.lock:15:3: error: the lock has no linux/amd64 [lock-differs]\n    hint: jetkit lock --platform linux/amd64 adds it; --build-arg LOCK=ignore builds without the lock",
		said(l.Compare("linux/amd64", planned(), "")))
}

// FuzzRead: no text panics, and what is read is written as it was.
func FuzzRead(f *testing.F) {
	f.Add(fill.Replace(text))
	f.Add(`{"version": 1, "pins": {"git": {"": ""}}, "platforms": {"": {}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, _ := lock.Read("jetson.lock", []byte(text))
		if l == nil {
			return
		}
		dt, err := l.Encode()
		require.NoError(t, err)
		_, problems := lock.Read("jetson.lock", dt)
		require.False(t, problems.HasErrors())
		l.Compare("", planned(), "")
	})
}
