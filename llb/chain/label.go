package chain

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// customName is the key of an operation's progress name.
const customName = "llb.customname"

// stepName matches the names that the Dockerfile frontend gives operations:
// "[2/3] RUN make" and "[builder 2/3] RUN make".
var stepName = regexp.MustCompile(`(?s)^\[(?:([^\[\]]*) )? ?(\d+)/(\d+)\] (.*)$`)

// Label puts the package in front of the progress names of a definition's
// operations, so that "[2/3] RUN make" of package cmake becomes
// "[cmake 2/2] RUN make". The numbers are corrected: the Dockerfile frontend
// counts a FROM that, for a step of a chain, is no operation.
//
// Names are no part of an operation's digest, so labels never affect the cache.
// The prefix goes before the package; it is the platform's name in a build for
// several platforms, and else empty.
func Label(def *llb.Definition, stages []Stage, prefix string) {
	if def.Source == nil {
		return
	}
	owners := owners(def.Source, stages)
	type name struct {
		label, command string
		index          int
	}
	names := map[digest.Digest]name{}
	last := map[string]int{}
	for dgst, locations := range def.Source.Locations {
		md, ok := def.Metadata[digest.Digest(dgst)]
		owner := ownerOf(locations, owners)
		if !ok || owner == "" {
			continue
		}
		m := stepName.FindStringSubmatch(md.Description[customName])
		if m == nil {
			continue
		}
		label := strings.Join(slices.DeleteFunc([]string{prefix, owner, strings.TrimSpace(m[1])}, isEmpty), " ")
		index, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		names[digest.Digest(dgst)] = name{label: label, command: m[4], index: index}
		last[label] = max(last[label], index)
	}
	for dgst, n := range names {
		def.Metadata[dgst].Description[customName] = fmt.Sprintf("[%s %d/%d] %s", n.label, n.index, last[n.label], n.command)
	}
}

// owners maps the definition's source files, by index, to package names. A
// Dockerfile that several packages of the chain share names them all.
func owners(src *pb.Source, stages []Stage) []string {
	byFile := map[string][]string{}
	for _, s := range stages {
		if s.SourceMap != nil {
			byFile[s.SourceMap.Filename] = append(byFile[s.SourceMap.Filename], s.Step.Name)
		}
	}
	owners := make([]string, len(src.Infos))
	for i, info := range src.Infos {
		owners[i] = strings.Join(byFile[info.Filename], ", ")
	}
	return owners
}

func ownerOf(locations *pb.Locations, owners []string) string {
	for _, l := range locations.GetLocations() {
		if i := int(l.GetSourceIndex()); i >= 0 && i < len(owners) && owners[i] != "" {
			return owners[i]
		}
	}
	return ""
}

func isEmpty(s string) bool { return s == "" }
