//go:build linux

package harness

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAcquireSettings(t *testing.T) {
	dump := `APT::Architecture "amd64";
Acquire "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::http::Proxy-Auto-Detect "/usr/local/bin/find-proxy";
Acquire::IndexTargets::deb::Packages::MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
Acquire::Check-Valid-Until "false";
DPkg::Post-Invoke:: "rm -f /somewhere";
`
	want := `Acquire::http::Proxy "http://proxy.example:3128";
Acquire::Check-Valid-Until "false";
`
	got := acquireSettings(dump)
	assert.Equal(t, want, got, "acquireSettings")
	assert.Equal(t, "http://proxy.example:3128", setting(got, "Acquire::HTTP::Proxy"), "proxy")
}

func TestMirrorOf(t *testing.T) {
	tests := []struct{ name, indexes, want string }{
		{"the release's own main", `trixie main http://other.example/debian/
bookworm-security main http://mirror.example/debian-security/
bookworm contrib http://contrib.example/debian/
bookworm main http://mirror.example/debian/
`, "http://mirror.example/debian/"},
		{"one debootstrap can't read", "bookworm main mirror+file:///etc/apt/mirrors.list\n", ""},
		{"none", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, mirrorOf(test.indexes, "bookworm"), "mirrorOf")
		})
	}
}

func TestNamedKeyrings(t *testing.T) {
	got := namedKeyrings(map[string][]byte{
		"a.list":    []byte("deb [arch=amd64 signed-by=/k/one.gpg,/k/two.asc] http://mirror.example/debian bookworm main\n"),
		"b.sources": []byte("Types: deb\nSigned-By: /k/two.asc\n"),
	})
	want := []string{"/k/one.gpg", "/k/two.asc"}
	assert.Equal(t, want, got, "namedKeyrings")
}
