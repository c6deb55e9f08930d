package stepcache

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"jetkit/cmd/internal/outfile"
)

// Log is what is noted of one builder's steps, in a file.
type Log struct {
	file string
	// Notes are by the steps' keys.
	Notes map[digest.Digest]Note `json:"steps"`
}

// Note says where a builder keeps the results of a step.
type Note []Result

// Result is where one output is kept: in a record of the cache with this description that
// was made while the step ran. BuildKit gives a record another ID when it needs its layer,
// so an ID would not do.
type Result struct {
	Description string `json:"description"`
	// From and To are when the step ran, by the builder's clock, or it and others whose
	// results have the same description.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Count is how many results these are.
	Count int `json:"count"`
}

// kept reports whether a builder still has the results.
func (n Note) kept(records map[string][]*client.UsageInfo) bool {
	for _, r := range n {
		if r.found(records) != r.Count {
			return false
		}
	}
	return len(n) > 0
}

func (r Result) found(records map[string][]*client.UsageInfo) int {
	count := 0
	for _, u := range records[r.Description] {
		if !u.CreatedAt.Before(r.From) && !u.CreatedAt.After(r.To) {
			count++
		}
	}
	return count
}

// maxNotes bounds a log. The oldest notes go first.
const maxNotes = 5000

// OpenLog reads the log of a builder's worker, which is empty if there is none. One that
// cannot be read is as good as none: it holds nothing that a build does not bring again.
func OpenLog(cache, worker string) *Log {
	log := &Log{file: filepath.Join(cache, "steps", digest.FromString(worker).Encoded()[:16]+".json")}
	dt, err := os.ReadFile(log.file)
	if err == nil {
		err = json.Unmarshal(dt, log)
	}
	if err != nil || log.Notes == nil {
		log.Notes = map[digest.Digest]Note{}
	}
	return log
}

// save writes the log, whole or not at all. Of two builds that end at once, the notes of
// one may be lost.
func (l *Log) save() error {
	if over := len(l.Notes) - maxNotes; over > 0 {
		for _, key := range l.byAge()[:over] {
			delete(l.Notes, key)
		}
	}
	dt, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(l.file), 0o755); err != nil {
		return err
	}
	if err := outfile.Keep(l.file, 0o600, dt); err != nil {
		return fmt.Errorf("keeping what is known of the builder's cache: %w", err)
	}
	return nil
}

// byAge returns the keys, the oldest first.
func (l *Log) byAge() []digest.Digest {
	keys := make([]digest.Digest, 0, len(l.Notes))
	for key := range l.Notes {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b digest.Digest) int { return l.Notes[a][0].To.Compare(l.Notes[b][0].To) })
	return keys
}
