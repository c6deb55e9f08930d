package resolve

import (
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
)

// TestHintOfTwoPackagesOfOneName checks that a name is offered if any package of
// that name fits the target, be it not the first.
func TestHintOfTwoPackagesOfOneName(t *testing.T) {
	cat := catalog.New([]*catalog.Package{
		{Name: "cuda:12.2", Requires: texts("==35.*")},
		{Name: "cuda:12.2", Requires: texts("==36.*")},
		{Name: "cuda:13.0", Requires: texts(">=38")},
	})
	_, problems := Resolve(request("cuda:13.0"), cat, target, base)
	require.NotEmpty(t, problems)
	require.Equal(t, "on this target there is cuda:12.2", problems[0].Hint)
}
