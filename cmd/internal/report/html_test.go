package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"jetkit/cmd/internal/report/page"
	"jetkit/pkgspec/plan"
)

// checkPage checks that a page is whole, loads nothing, runs nothing, and that its links lead
// somewhere. It returns the page's text.
func checkPage(t *testing.T, text string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	allowed := strings.Fields(`html head meta title style body a header p div h1 h2 h3 span dl dt dd nav ul li main section
		table thead tbody tr th td svg line rect text path details summary pre code b footer`)
	ids, fragments := map[string]bool{}, map[string]bool{}
	var style, policy string
	var all strings.Builder
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.ElementNode {
			assert.Contains(t, allowed, n.Data)
			for _, a := range n.Attr {
				assert.False(t, strings.HasPrefix(a.Key, "on"), "%s runs something", a.Key)
				switch a.Key {
				case "style", "src", "srcset", "action", "formaction":
					assert.Fail(t, "an attribute "+a.Key)
				case "href":
					require.True(t, strings.HasPrefix(a.Val, "#"), "link to %s", a.Val)
					fragments[a.Val[1:]] = true
				case "id":
					assert.False(t, ids[a.Val], "two places are called %s", a.Val)
					ids[a.Val] = true
				case "content":
					if strings.HasPrefix(a.Val, "default-src") {
						policy = a.Val
					}
				}
			}
			if n.Data == "style" {
				style = n.FirstChild.Data
			}
		}
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			all.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			visit(c)
		}
	}
	visit(root)
	for fragment := range fragments {
		assert.True(t, ids[fragment], "no place is called %s", fragment)
	}
	hash := sha256.Sum256([]byte(style))
	assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'; base-uri 'none'; form-action 'none'", policy)
	assert.NotContains(t, style, "url(")
	assert.NotContains(t, style, "@import")
	return all.String()
}

func TestPages(t *testing.T) {
	for _, name := range recordings {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, replay(t, name).Write(&out, HTML))
			text := checkPage(t, out.String())
			if name == "first" {
				assert.Contains(t, text, "red <script>alert(1)</script>", "output is shown as text")
				assert.Contains(t, text, "Base image84.6MB99 %")
			}
			if name == "layers" {
				assert.Regexp(t, `(?s)salad399B.*Join of the layers1\.09kB.*Seal`, text)
			}
			if name == "failed-join" {
				assert.Contains(t, text, "tools and oil do not fit together")
			}
			if name == "failed-build" {
				assert.Contains(t, text, "robot was not built")
				assert.Contains(t, text, "fatal error: missing.h")
			}
		})
	}
}

// What a package is called says nothing of whose the other layers are.
func TestSizesOfAPackageCalledSeal(t *testing.T) {
	made, _ := (&Image{Layers: []Layer{{Size: 1, Owner: "base"}, {Size: 2, Owner: "join"}, {Size: 4, Owner: "copy"}}}).sizeOf(ownersOf(PhaseLayers))
	assert.Equal(t, int64(6), made, "of a join, or of a runtime image")
	view := sizesView(&Image{Size: 6, Layers: []Layer{{Size: 1, Owner: "package", Package: "Seal"}, {Size: 2, Owner: "join"}, {Size: 3, Owner: "seal"}, {Size: 4, Owner: "copy"}}})
	var parts []string
	for _, p := range view.Parts {
		parts = append(parts, p.Name+" "+p.Size)
	}
	assert.Equal(t, []string{"Seal 1B", "Join of the layers 2B", "Seal 3B", "Files of the packages 4B"}, parts)
}

// evil tries to be markup, a link, a script and a style, and to turn the text around.
const evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}</style><style>*{}javascript:alert(1)\u202e\u0000'&]]>"

func TestHostileText(t *testing.T) {
	r, p := began(t, evil, evil, Options{})
	r.SetBuilder(evil)
	p.log(evil + "\n")
	p.compiled[0].Plan.Target.L4T = plan.Value{Value: evil, Reason: evil, Source: evil}
	p.compiled[0].Plan.Requested = []string{evil}
	p.compiled[0].Plan.Steps[0].Why = []string{evil}
	p.compiled[0].Plan.Steps[0].BuildArgs = map[string]string{evil: evil}
	p.compiled[0].Platform = evil
	p.Done(Outcome{Err: errors.New(evil), Tags: []string{evil}, Digest: evil})
	var out bytes.Buffer
	require.NoError(t, r.Report().Write(&out, HTML))
	text := checkPage(t, out.String())
	assert.Contains(t, text, `"><script>alert(1)</script>`)
	assert.NotContains(t, text, "\u202e", "text is not turned around")
	assert.Contains(t, text, `\u202e`)
	var junit bytes.Buffer
	require.NoError(t, r.Report().Write(&junit, JUnit))
	checkJUnit(t, junit.Bytes())
	var table bytes.Buffer
	require.NoError(t, r.Report().Table(&table))
	assert.NotContains(t, table.String(), "\u202e")
}

func TestPageOfPlan(t *testing.T) {
	steps := make([]plan.Step, 40)
	for i := range steps {
		steps[i] = plan.Step{Name: fmt.Sprintf("package-%d", i), Requested: i == 39, GPU: i%3 == 0, Dockerfile: "Dockerfile", Why: []string{evil}}
		for k := max(0, i-7); k < i; k += 2 {
			steps[i].Needs = append(steps[i].Needs, steps[k].Name)
		}
	}
	var out bytes.Buffer
	require.NoError(t, page.OfPlan(&plan.Plan{Requested: []string{"package-39", evil}, Steps: steps}).Write(&out))
	text := checkPage(t, out.String())
	assert.Contains(t, text, "package-39, ")
	assert.NotContains(t, text, "Timeline")
	require.NoError(t, page.OfPlan(&plan.Plan{}).Write(&out), "a plan of nothing")
}
