package build

import (
	"encoding/json"
	"fmt"

	spb "github.com/moby/buildkit/sourcepolicy/pb"
	"google.golang.org/protobuf/proto"
)

// ParsePolicy reads a source policy: JSON, or BuildKit's binary form.
func ParsePolicy(text []byte) (*spb.Policy, error) {
	policy := &spb.Policy{}
	if err := json.Unmarshal(text, policy); err != nil {
		policy = &spb.Policy{}
		if proto.Unmarshal(text, policy) != nil {
			return nil, fmt.Errorf("it is no source policy: %w", err)
		}
	}
	return policy, nil
}
