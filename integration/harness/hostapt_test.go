//go:build linux

package harness

import (
	"slices"
	"testing"
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
	if got != want {
		t.Errorf("acquireSettings:\n%s\nwant:\n%s", got, want)
	}
	if proxy := setting(got, "Acquire::HTTP::Proxy"); proxy != "http://proxy.example:3128" {
		t.Errorf("proxy = %q", proxy)
	}
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
			if got := mirrorOf(test.indexes, "bookworm"); got != test.want {
				t.Errorf("mirrorOf = %q, want %q", got, test.want)
			}
		})
	}
}

func TestNamedKeyrings(t *testing.T) {
	got := namedKeyrings(map[string][]byte{
		"a.list":    []byte("deb [arch=amd64 signed-by=/k/one.gpg,/k/two.asc] http://mirror.example/debian bookworm main\n"),
		"b.sources": []byte("Types: deb\nSigned-By: /k/two.asc\n"),
	})
	if want := []string{"/k/one.gpg", "/k/two.asc"}; !slices.Equal(got, want) {
		t.Errorf("namedKeyrings = %q, want %q", got, want)
	}
}
