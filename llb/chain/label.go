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

// Instruction is what an operation does for a package.
type Instruction struct {
	// Packages are the names of the packages whose Dockerfile it is of.
	Packages []string
	// Stage is the name of its stage, if the Dockerfile has several: "builder", or
	// "stage-1" for the second one if that has no name.
	Stage string
	// Number is its place among those of the stage, such as "2/3".
	Number string
	// Command is the instruction as the progress shows it.
	Command string
}

// name returns the operation's progress name, behind the prefix of a build for several
// platforms.
func (i Instruction) name(prefix string) string {
	words := []string{prefix, strings.Join(i.Packages, ", "), i.Stage, i.Number}
	return "[" + strings.Join(slices.DeleteFunc(words, isEmpty), " ") + "] " + i.Command
}

// Label puts the package in front of the progress names of a definition's
// operations, so that "[2/3] RUN make" of package cmake becomes
// "[cmake 2/2] RUN make". The numbers are corrected: the Dockerfile frontend
// counts a FROM that, for a step of a chain, is no operation.
//
// Names are no part of an operation's digest, so labels never affect the cache.
// The prefix goes before the package; it is the platform's name in a build for
// several platforms, and else empty. The result has the instructions by the digests
// of their operations.
func Label(def *llb.Definition, stages []Stage, prefix string) map[digest.Digest]Instruction {
	instructions := map[digest.Digest]Instruction{}
	if def.Source == nil {
		return instructions
	}
	owners := owners(def.Source, stages)
	index := map[digest.Digest]int{}
	last := map[string]int{} // by stage
	stageOf := func(i Instruction) string { return strings.Join(i.Packages, ", ") + " " + i.Stage }
	for dgst, locations := range def.Source.Locations {
		md, ok := def.Metadata[digest.Digest(dgst)]
		owner := ownerOf(locations, owners)
		if !ok || len(owner) == 0 {
			continue
		}
		m := stepName.FindStringSubmatch(md.Description[customName])
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		i := Instruction{Packages: owner, Stage: strings.TrimSpace(m[1]), Command: m[4]}
		instructions[digest.Digest(dgst)], index[digest.Digest(dgst)] = i, n
		last[stageOf(i)] = max(last[stageOf(i)], n)
	}
	for dgst, i := range instructions {
		i.Number = fmt.Sprintf("%d/%d", index[dgst], last[stageOf(i)])
		instructions[dgst] = i
		md := def.Metadata[dgst]
		md.Description[customName] = i.name(prefix)
		md.ProgressGroup = i.group(md.ProgressGroup, prefix)
		def.Metadata[dgst] = md
	}
	return instructions
}

// group names a group of operations, which is shown as one step: what a COPY --link copies,
// and what puts it on the files before.
func (i Instruction) group(g *pb.ProgressGroup, prefix string) *pb.ProgressGroup {
	m := stepName.FindStringSubmatch(g.GetName())
	if m == nil {
		return g
	}
	i.Command = m[4]
	return &pb.ProgressGroup{Id: g.Id, Name: i.name(prefix), Weak: g.Weak}
}

// owners lists, for each of the definition's source files, the packages it is of. Several
// packages of a chain may share a Dockerfile.
func owners(src *pb.Source, stages []Stage) [][]string {
	byFile := map[string][]string{}
	for _, s := range stages {
		if s.SourceMap != nil {
			byFile[s.SourceMap.Filename] = append(byFile[s.SourceMap.Filename], s.Step.Name)
		}
	}
	owners := make([][]string, len(src.Infos))
	for i, info := range src.Infos {
		owners[i] = byFile[info.Filename]
	}
	return owners
}

func ownerOf(locations *pb.Locations, owners [][]string) []string {
	for _, l := range locations.GetLocations() {
		if i := int(l.GetSourceIndex()); i >= 0 && i < len(owners) && len(owners[i]) > 0 {
			return owners[i]
		}
	}
	return nil
}

func isEmpty(s string) bool { return s == "" }
