package printer

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// Mermaid returns the plan's packages as a Mermaid flowchart: a node for each step
// in build order, an arrow from each package to those it needs. Requested
// packages have a thick border, packages that need a GPU are green. A dashed arrow leads to
// what a package is built on without a need, because it is built on all before it.
func Mermaid(p *plan.Plan) string {
	var b strings.Builder
	b.WriteString("flowchart BT\n")
	for i, step := range p.Steps {
		fmt.Fprintf(&b, "  s%d[\"%s\"]%s\n", i+1, mermaidEscape.Replace(diag.Clean(step.Name)), mermaidClass(step))
	}
	eachNeed(p, func(from, to int) { fmt.Fprintf(&b, "  s%d --> s%d\n", from+1, to+1) })
	eachAfterAll(p, func(from, to int) { fmt.Fprintf(&b, "  s%d -.-> s%d\n", from+1, to+1) })
	b.WriteString("  classDef requested stroke-width:3px\n")
	b.WriteString("  classDef gpu fill:#d8f0d0,color:#000\n")
	b.WriteString("  classDef requestedgpu fill:#d8f0d0,color:#000,stroke-width:3px\n")
	return b.String()
}

// mermaidClass marks a node; Mermaid takes one class after ":::".
func mermaidClass(step plan.Step) string {
	switch {
	case step.Requested && step.GPU:
		return ":::requestedgpu"
	case step.Requested:
		return ":::requested"
	case step.GPU:
		return ":::gpu"
	}
	return ""
}

// mermaidEscape writes the characters that mean something inside a quoted
// Mermaid label as Mermaid's entities.
var mermaidEscape = strings.NewReplacer(`"`, "#quot;", "#", "#35;", "<", "#lt;", ">", "#gt;", "&", "#amp;", "`", "#96;", `\`, "#92;")

// DOT returns the plan's packages as a Graphviz digraph, with the same nodes,
// arrows and marks as Mermaid.
func DOT(p *plan.Plan) string {
	var b strings.Builder
	b.WriteString("digraph plan {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n")
	for i, step := range p.Steps {
		marks := ""
		if step.Requested {
			marks += ", penwidth=3"
		}
		if step.GPU {
			marks += `, style=filled, fillcolor="#d8f0d0"`
		}
		fmt.Fprintf(&b, "  s%d [label=\"%s\"%s];\n", i+1, dotEscape.Replace(diag.Clean(step.Name)), marks)
	}
	eachNeed(p, func(from, to int) { fmt.Fprintf(&b, "  s%d -> s%d;\n", from+1, to+1) })
	eachAfterAll(p, func(from, to int) { fmt.Fprintf(&b, "  s%d -> s%d [style=dashed];\n", from+1, to+1) })
	b.WriteString("}\n")
	return b.String()
}

// dotEscape escapes text inside a quoted DOT string.
var dotEscape = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

// eachNeed calls f for every direct need, with the indexes of both steps.
func eachNeed(p *plan.Plan, f func(from, to int)) {
	index := make(map[string]int, len(p.Steps))
	for i, step := range p.Steps {
		index[step.Name] = i
	}
	for i, step := range p.Steps {
		for _, need := range step.Needs {
			if to, ok := index[need]; ok {
				f(i, to)
			}
		}
	}
}

// eachAfterAll calls f for what steps that are built on all before them do not need but are
// built on directly.
func eachAfterAll(p *plan.Plan, f func(from, to int)) {
	direct := p.BuiltOnDirectly()
	for i, step := range p.Steps {
		if !step.AfterAll {
			continue
		}
		for _, to := range direct[i] {
			if !slices.Contains(step.Needs, p.Steps[to].Name) {
				f(i, to)
			}
		}
	}
}
