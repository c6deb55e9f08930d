//go:build integration

package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// repeatable are packages that make the same files whenever they are built, and that meet what layers record and join: a file
// removed, a folder's mode, links, users of packages that need one another and that do not, a library.
func repeatable() files {
	return files{
		"jetson.yaml":               "packages: [salad, paper, press]\nlayers: packages\n",
		"packages/tools/Dockerfile": dockerfile("name: tools", "RUN mkdir -m 700 -p /opt/tools && echo knife > /opt/tools/knife && ln /opt/tools/knife /opt/tools/blade && ln -s knife /opt/tools/link && rm /etc/motd\n"),
		"packages/salad/Dockerfile": dockerfile("name: salad\ndepends: tools", "RUN rm /opt/tools/link && useradd -r picker && echo green > /opt/salad\n"),
		"packages/press/Dockerfile": dockerfile("name: press", "RUN useradd -r presser && install -o presser -d /opt/press && echo bar > /opt/press/bar\n"),
		"packages/paper/Dockerfile": dockerfile("name: paper", "RUN cp /lib/*/libz.so.1 /usr/local/lib/libpaper.so.1 && ldconfig && echo paper > /opt/paper\n"),
	}
}

// TestSameDigestFromTwoBuilders checks that what package layers add to an image, records and joins, has nothing of the builder and
// of the time in it.
func TestSameDigestFromTwoBuilders(t *testing.T) {
	t.Parallel()
	p := newProject(t, repeatable())
	var images []*built
	for _, tag := range []string{"one", "two"} {
		d := startDaemon(t, "digest", harness.DaemonOptions{})
		b := p.build(t, on(d), pushTimeless(tag))
		assert.NotEmpty(t, b.executed(), "the builders share no cache")
		images = append(images, b)
		time.Sleep(time.Second) // files of the second builder have other times
	}
	// Layer by layer, to name the one that differs.
	require.Equal(t, layersOf(t, images[0]), layersOf(t, images[1]))
	assert.Equal(t, images[0].digest(t), images[1].digest(t))
}
