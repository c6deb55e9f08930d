//go:build integration

package integration

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"jetkit/frontend"
)

// recordDir is where TestRecordProgress writes what the unit tests of reports read:
// JETKIT_RECORD=$PWD/cmd/internal/report/testdata/progress.
var recordDir = os.Getenv("JETKIT_RECORD")

// recorded is the project of the recordings. Names, tests and output try to be something else than text.
var recorded = files{
	"jetson.yaml": "target: {l4t: 36.4.3, arch: x86_64}\npackages: [robot, vision]\n",
	"packages/tools/Dockerfile": "#---\n# name: tools\n# group: build\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" +
		"RUN sleep 0.4 && echo installing tools && head -c 300000 /dev/urandom > /opt/tools\n",
	"packages/tools/test.sh": "#!/bin/sh\necho testing tools\nsleep 0.2\n",
	"packages/camera/Dockerfile": "#---\n# name: camera\n# group: vision\n# depends: [tools]\n# test: [test.sh, 'check.sh --fast \"<b>bold</b>\"']\n#---\n" +
		"ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS builder\nRUN sleep 0.5 && mkdir -p /out && echo built > /out/camera\n" +
		"FROM ${BASE_IMAGE}\nCOPY --from=builder /out/camera /usr/lib/camera\nCOPY camera.conf /etc/camera.conf\n" +
		"RUN sleep 0.3; printf 'progress 10%%\\rprogress 100%%\\n\\033[31mred <script>alert(1)</script>\\033[0m\\n'\n",
	"packages/camera/camera.conf": "x=1\n",
	"packages/camera/test.sh":     "#!/bin/sh\necho camera ok; sleep 0.6\n",
	"packages/camera/check.sh":    "#!/bin/sh\necho \"args: $*\"; printf '\\033[32mgreen\\033[0m ]]> & done\\n'\n",
	"packages/vision/Dockerfile": "#---\n# name: vision\n# group: vision\n# depends: [camera, tools]\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" +
		"RUN sleep 0.7; for i in 1 2 3; do echo compiling $i; sleep 0.1; done; head -c 900000 /dev/urandom > /opt/vision\n",
	"packages/vision/test.sh": "#!/bin/sh\necho vision ok\n",
	"packages/robot/Dockerfile": "#---\n# name: robot\n# group: app\n# depends: [tools]\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" +
		"WORKDIR /robot\nRUN sleep 0.2 && echo robot > robot.txt\n",
	"packages/robot/test.sh": "#!/bin/sh\necho robot test; sleep 0.3\n",
}

// TestRecordProgress records the progress of real builds: one that runs all, one that finds all, one whose test fails, one
// that fails to build, one for two platforms, and two with a layer for each package, of which one fails as they do not fit.
func TestRecordProgress(t *testing.T) {
	if recordDir == "" {
		t.Skip("JETKIT_RECORD names no folder")
	}
	p := newProject(t, recorded)
	require.NoError(t, p.record(t, "first", base(t), nil))
	require.NoError(t, p.record(t, "again", base(t), nil))
	p.write(t, files{"packages/camera/test.sh": "#!/bin/sh\necho camera broken >&2; sleep 0.2; exit 3\n"})
	require.Error(t, p.record(t, "failed-test", base(t), nil))
	p.write(t, files{
		"packages/camera/test.sh": "#!/bin/sh\necho camera ok; sleep 5\n",
		"packages/vision/Dockerfile": "#---\n# name: vision\n# group: vision\n# depends: [camera, tools]\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" +
			"RUN sleep 0.2; echo 'fatal error: missing.h' >&2; exit 2\n",
	})
	require.Error(t, p.record(t, "failed-build", base(t), nil))

	// What runs nothing needs no machine of the platform.
	copies := newProject(t, files{
		"jetson.yaml":           "target: {l4t: 36.4.3}\npackages: [b]\ntests: {skip: [all]}\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "COPY test.sh /a\n"),
		"packages/a/test.sh":    "#!/bin/sh\necho @ID@\n",
		"packages/b/Dockerfile": dockerfile("name: b\ndepends: a", "WORKDIR /b\n"),
	})
	require.NoError(t, copies.record(t, "platforms", baseIndex(t), map[string]string{"platform": "linux/amd64,linux/arm64"}))

	layers := newProject(t, layered())
	require.NoError(t, layers.record(t, "layers", base(t), nil))
	layers.write(t, files{"packages/oil/Dockerfile": dockerfile("name: oil", "RUN echo @ID@ > /opt/oil && echo > /opt/tools\n")})
	require.Error(t, layers.record(t, "failed-join", base(t), nil))
}

// record builds a project in process, and writes what the frontend and BuildKit said of it.
func (p *project) record(t *testing.T, name, base string, attrs map[string]string) error {
	t.Helper()
	file, err := os.Create(filepath.Join(recordDir, name+".jsonl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	enc := json.NewEncoder(file)
	write := func(line map[string]any) {
		line["at"] = time.Now()
		require.NoError(t, enc.Encode(line))
	}
	write(map[string]any{})
	compiled := make(chan frontend.Compiled, 2)
	attrs = maps.Clone(attrs)
	if attrs == nil {
		attrs = map[string]string{}
	}
	attrs["build-arg:BASE_IMAGE"] = base
	res, err := p.solveInProcess(t, inProcess{
		attrs: attrs, exports: []client.ExportEntry{{Type: client.ExporterImage, Attrs: map[string]string{"name": "robot:" + name}}},
	}, frontend.Options{Compiled: func(c frontend.Compiled) { compiled <- c }}, func(s *client.SolveStatus) {
		for len(compiled) > 0 {
			write(map[string]any{"compiled": <-compiled})
		}
		write(map[string]any{"status": s})
	})
	if err != nil {
		write(map[string]any{"error": err.Error()})
		return err
	}
	write(map[string]any{"response": res.ExporterResponse, "blobs": readBlobs(t, res.ExporterResponse)})
	return nil
}

// readBlobs reads the index, manifests and configurations that the builder exported.
func readBlobs(t *testing.T, response map[string]string) map[digest.Digest]json.RawMessage {
	t.Helper()
	c, err := client.New(t.Context(), shared.Daemon.Addr)
	require.NoError(t, err)
	defer func() { _ = c.Close() }() // nothing is lost when that fails
	store := proxy.NewContentStore(c.ContentClient())
	dt, err := base64.StdEncoding.DecodeString(response["containerimage.descriptor"])
	require.NoError(t, err)
	var root ocispecs.Descriptor
	require.NoError(t, json.Unmarshal(dt, &root))
	blobs := map[digest.Digest]json.RawMessage{}
	for queue := []ocispecs.Descriptor{root}; len(queue) > 0; queue = queue[1:] {
		blob, err := content.ReadBlob(t.Context(), store, queue[0])
		require.NoError(t, err)
		blobs[queue[0].Digest] = blob
		var next struct {
			Manifests []ocispecs.Descriptor
			Config    ocispecs.Descriptor
		}
		require.NoError(t, json.Unmarshal(blob, &next))
		queue = append(queue, next.Manifests...)
		if next.Config.MediaType == ocispecs.MediaTypeImageConfig {
			queue = append(queue, next.Config)
		}
	}
	return blobs
}
