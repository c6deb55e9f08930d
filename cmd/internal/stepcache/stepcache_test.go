package stepcache

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const image = "docker.io/library/debian@sha256:0123456789012345678901234567890123456789012345678901234567890123"

// example is a build that copies a folder of the context, runs a program and tests twice.
func example(t *testing.T, base llb.State, session, command string) *pb.Definition {
	t.Helper()
	context := llb.Local("context", llb.SessionID(session), llb.ExcludePatterns([]string{"*.md"}))
	folder := llb.Scratch().File(llb.Copy(context, "/a", "/", &llb.CopyInfo{CopyDirContentsOnly: true}), llb.WithCustomName("[internal] load folder of a"))
	st := base.File(llb.Copy(folder, "/x", "/x"), llb.WithCustomName("[a 1/2] COPY x /x"))
	st = st.Run(llb.Args([]string{"make", command}), llb.WithCustomName("[a 2/2] RUN make")).Root()
	test := func(name string) llb.State {
		return st.Run(llb.Args([]string{"test"}), llb.AddEnv("TEST", name), llb.WithCustomName("[test "+name+"]")).AddMount("/out", llb.Scratch())
	}
	sealed := st.File(llb.Copy(test("one"), "/", "/1").Copy(test("two"), "/", "/2"), llb.WithCustomName("[internal] seal image"))
	def, err := sealed.Marshal(t.Context())
	require.NoError(t, err)
	return def.ToPB()
}

// fresh makes a definition one that uses no cache.
func fresh(def *pb.Definition) *pb.Definition {
	def = def.CloneVT()
	for _, md := range def.Metadata {
		md.IgnoreCache = true
	}
	return def
}

func folders(t *testing.T, content string) Files {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "x"), []byte(content), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other"), []byte(t.Name()), 0o644))
	return Folders(map[string]string{"context": dir})
}

func at(second int) time.Time { return time.Unix(1700000000+int64(second), 0).UTC() }

// builder is one whose cache has records.
type builder []*client.UsageInfo

func (b *builder) make(second int, descriptions ...string) {
	for _, d := range descriptions {
		*b = append(*b, &client.UsageInfo{Description: d, CreatedAt: at(second)})
	}
}

// built records a build of a definition in which operations ran, each from a second on for ten.
func built(t *testing.T, def *pb.Definition, files Files, log *Log, cache builder, ran map[string]int) {
	t.Helper()
	r := NewRecorder(files)
	r.Compiled(def)
	r.Compiled(def)
	for dgst, md := range def.Metadata {
		if second, ok := ran[md.Description[customName]]; ok {
			from, to := at(second), at(second+10)
			r.OnStatus(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: digest.Digest(dgst), Name: md.Description[customName], Started: &from, Completed: &to}}})
		}
	}
	require.NoError(t, r.note(log, byDescription(cache)))
}

func known(t *testing.T, cache builder, log *Log, q Question) map[string]State {
	t.Helper()
	list, err := steps(cache, log, q)
	require.NoError(t, err)
	m := map[string]State{}
	for _, s := range list {
		m[s.Name] = s.State
	}
	return m
}

const (
	copied = "[a 1/2] COPY x /x"
	made   = "[a 2/2] RUN make"
	one    = "[test one]"
	two    = "[test two]"
)

func TestWhatIsKnown(t *testing.T) {
	def, files := example(t, llb.Image(image), "s1", "all"), folders(t, "x")
	dir := t.TempDir()
	var cache builder
	cache.make(-100, "mount /out from exec test") // of another test, long ago
	assert.Equal(t, map[string]State{copied: Unknown, made: Missing, one: Unknown, two: Unknown},
		known(t, cache, OpenLog(dir, "w"), Question{Definition: def, Files: files}), "nothing was built yet")

	cache.make(1, copied)
	cache.make(20, "mount / from exec make all")
	cache.make(40, "mount /out from exec test", "mount /out from exec test")
	built(t, def, files, OpenLog(dir, "w"), cache, map[string]int{"[internal] load folder of a": 0, copied: 0, made: 15, one: 35, two: 40})
	everything := map[string]State{copied: Cached, made: Cached, one: Cached, two: Cached}

	for name, c := range map[string]struct {
		cache   builder
		def     *pb.Definition
		files   Files
		imports bool
		want    map[string]State
	}{
		"the same":             {cache, def, files, false, everything},
		"another session":      {cache, example(t, llb.Image(image), "s2", "all"), files, true, everything},
		"a copy of the folder": {cache, def, folders(t, "x"), false, everything},
		"another file":         {cache, def, folders(t, "y"), false, map[string]State{copied: Unknown, made: Unknown, one: Unknown, two: Unknown}},
		"another command":      {cache, example(t, llb.Image(image), "s1", "some"), files, false, map[string]State{copied: Cached, made: Missing, one: Unknown, two: Unknown}},
		"an external cache":    {cache, example(t, llb.Image(image), "s1", "some"), files, true, map[string]State{copied: Cached, made: Unknown, one: Unknown, two: Unknown}},
		"no use of the cache":  {cache, fresh(def), files, false, map[string]State{copied: Missing, made: Missing, one: Missing, two: Missing}},
		"a step pruned":        {append(builder{cache[1]}, cache[3:]...), def, files, false, map[string]State{copied: Cached, made: Missing, one: Cached, two: Cached}},
		"one of two pruned":    {cache[:4], def, files, false, map[string]State{copied: Cached, made: Cached, one: Unknown, two: Unknown}},
		"all pruned":           {nil, def, files, false, map[string]State{copied: Unknown, made: Missing, one: Missing, two: Missing}},
		"imported results":     {builder{{Description: "pulled from example.com/cache:latest"}}, def, files, false, map[string]State{copied: Unknown, made: Unknown, one: Unknown, two: Unknown}},
		"an image by its tag":  {cache, example(t, llb.Image("debian:12"), "s1", "all"), files, false, map[string]State{copied: Unknown, made: Unknown, one: Unknown, two: Unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, known(t, c.cache, OpenLog(dir, "w"), Question{Definition: c.def, Files: c.files, Imports: c.imports}))
		})
	}
	assert.NotContains(t, known(t, cache, OpenLog(dir, "another"), Question{Definition: def, Files: files}), Cached, "the notes are another builder's")
}

// Another build ran the same command at the same time: which result is whose is not known.
func TestResultsThatMayBeOthersAreNotNoted(t *testing.T) {
	def, files, log := example(t, llb.Image(image), "s1", "all"), folders(t, "x"), OpenLog(t.TempDir(), "w")
	var cache builder
	cache.make(20, "mount / from exec make all", "mount / from exec make all")
	built(t, def, files, log, cache, map[string]int{made: 15})
	assert.Empty(t, log.Notes)
}

func TestFilesThatNothingIsKnownOf(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link")))
	large, err := os.Create(filepath.Join(dir, "large"))
	require.NoError(t, err)
	require.NoError(t, large.Truncate(maxFiles+1))
	require.NoError(t, large.Close())
	files := Folders(map[string]string{"context": dir})
	assert.NotEmpty(t, files("context", "/a"))
	for _, name := range []string{"/link", "/large", "/", "/none"} {
		assert.Empty(t, files("context", name), name)
	}
	assert.Empty(t, files("other", "/a"))
}

func TestLogForgetsTheOldest(t *testing.T) {
	dir := t.TempDir()
	log := OpenLog(dir, "w")
	for i := range maxNotes + 2 {
		log.Notes[digest.FromString(string(rune(i)))] = Note{{To: at(i)}}
	}
	require.NoError(t, log.save())
	again := OpenLog(dir, "w")
	assert.Len(t, again.Notes, maxNotes)
	assert.NotContains(t, again.Notes, digest.FromString(string(rune(1))))
	require.NoError(t, os.WriteFile(log.file, []byte("{"), 0o644))
	assert.Empty(t, OpenLog(dir, "w").Notes, "a log that cannot be read")
	left, err := filepath.Glob(filepath.Join(dir, "steps", ".*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
