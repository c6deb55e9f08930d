package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Digest names the rows of all tables, with their sources: "sha256:" and a hash.
func (t *Tables) Digest() string {
	t = t.orBuiltIn()
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, table := range []any{t.releases, t.ubuntus, t.arches, t.jetsonArches, t.cudaLimits, t.lists, t.capabilities, t.repositories} {
		_ = enc.Encode(table) // rows are texts and numbers, and a hash takes all there is
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
