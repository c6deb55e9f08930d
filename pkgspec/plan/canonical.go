package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Canonical returns the plan as JSON without insignificant white space, keys
// sorted, so that equal plans are equal bytes.
func (p *Plan) Canonical() ([]byte, error) {
	generic, err := asGeneric(p)
	if err != nil {
		return nil, err
	}
	return encode(generic, "")
}

// Indented returns the canonical form laid out for people, with a final newline.
func (p *Plan) Indented() ([]byte, error) {
	generic, err := asGeneric(p)
	if err != nil {
		return nil, err
	}
	dt, err := encode(generic, "  ")
	return append(dt, '\n'), err
}

// Digest names what the plan builds: "sha256:" and the hash of the canonical form of its
// [Plan.Identity]. Plans that differ in explanations alone have one digest.
func (p *Plan) Digest() (string, error) {
	dt, err := p.Identity().Canonical()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(dt)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// asGeneric turns the plan into maps, which encoding/json writes with sorted
// keys; struct fields alone would come in the order of their declaration.
func asGeneric(p *Plan) (any, error) {
	dt, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encoding the plan: %w", err)
	}
	var generic any
	dec := json.NewDecoder(bytes.NewReader(dt))
	dec.UseNumber()
	if err := dec.Decode(&generic); err != nil {
		return nil, fmt.Errorf("encoding the plan: %w", err)
	}
	return generic, nil
}

func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding the plan: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
