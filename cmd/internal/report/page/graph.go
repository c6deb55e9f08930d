package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Node is a package in the graph.
type Node struct {
	Name string
	// Note is the second line of its box, may be empty.
	Note string
	// Needs are the places, in the list, of the packages that it needs directly.
	Needs []int
	// Link is the fragment of the page that the box leads to.
	Link string
	// Class marks the box: words of the style sheet, such as "requested gpu".
	Class string
}

// Graph is a laid-out graph: packages flow from those that need nothing, at the top, down to
// what was asked for. Needs that follow from others are left out.
type Graph struct {
	Width, Height int
	Boxes         []Box
	Edges         []string // paths of SVG
	// Hidden is how many needs follow from others.
	Hidden int
}

// Fits reports whether the graph can be read when it is shrunk to a screen.
func (g *Graph) Fits() bool { return g.Width <= maxShrunk }

// maxShrunk is the width of a graph that is shrunk to a screen's: to two thirds at most.
const maxShrunk = 1560

// Box is a node in its place.
type Box struct {
	Node
	// Label is the name, shortened to the box.
	Label               string
	X, Y, Width, Height int
}

// MiddleX is the middle of the box, LabelY and NoteY are where its lines stand.
func (b Box) MiddleX() int { return b.X + b.Width/2 }

// LabelY is the first line's.
func (b Box) LabelY() int {
	if b.Note == "" {
		return b.Y + 25
	}
	return b.Y + 18
}

// NoteY is the second line's.
func (b Box) NoteY() int { return b.Y + 33 }

// The graph's measures, in pixels of a font of 12.
const (
	charWidth = 7.3
	boxPad    = 20
	boxHeight = 40
	gapX      = 18
	gapY      = 34
	margin    = 8
	maxLabel  = 26
	// dummyWidth is the room that an edge has where it passes a row of boxes.
	dummyWidth = 10
	// sweeps is how often rows are ordered anew. More change nothing on graphs of this size.
	sweeps = 12
)

// place is a box or, where an edge passes a row, a dummy.
type place struct {
	node   int // -1 for a dummy
	row    int
	width  float64
	x      float64 // of its middle
	order  float64
	up, at []*place // neighbours in the rows above and below
}

// Layout places the nodes of a graph without cycles; needs that would make one are left out.
func Layout(nodes []Node) *Graph {
	needs, hidden := reduce(nodes)
	rows := rowsOf(nodes, needs)
	places, chains := connect(nodes, needs, rows)
	arrange(places)
	g := &Graph{Hidden: hidden}
	g.draw(nodes, places, chains)
	return g
}

// reduce leaves out needs that follow from others: a package needs what its needs need. It
// counts them.
func reduce(nodes []Node) ([][]int, int) {
	reach := make([]map[int]bool, len(nodes))
	needs := make([][]int, len(nodes))
	hidden := 0
	for i, n := range nodes { // the list is in build order: needs come first
		reach[i] = map[int]bool{}
		direct := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(n.Needs))), func(k int) bool { return k < 0 || k >= i })
		for _, k := range direct {
			implied := slices.ContainsFunc(direct, func(other int) bool { return reach[other][k] })
			if implied {
				hidden++
				continue
			}
			needs[i] = append(needs[i], k)
		}
		for _, k := range direct {
			reach[i][k] = true
			for further := range reach[k] {
				reach[i][further] = true
			}
		}
	}
	return needs, hidden
}

// rowsOf puts each node below all that it needs.
func rowsOf(nodes []Node, needs [][]int) []int {
	rows := make([]int, len(nodes))
	for i := range nodes {
		for _, k := range needs[i] {
			rows[i] = max(rows[i], rows[k]+1)
		}
	}
	return rows
}

// connect makes places for the nodes and for the edges that pass rows. The second result are
// the places of each edge from above to below.
func connect(nodes []Node, needs [][]int, rows []int) ([][]*place, [][]*place) {
	byRow := make([][]*place, 0)
	add := func(p *place) *place {
		for len(byRow) <= p.row {
			byRow = append(byRow, nil)
		}
		byRow[p.row] = append(byRow[p.row], p)
		return p
	}
	boxes := make([]*place, len(nodes))
	for i, n := range nodes {
		boxes[i] = add(&place{node: i, row: rows[i], width: boxWidth(n)})
	}
	var chains [][]*place
	for i := range nodes {
		for _, k := range needs[i] {
			chain := []*place{boxes[k]}
			for row := rows[k] + 1; row < rows[i]; row++ {
				chain = append(chain, add(&place{node: -1, row: row, width: dummyWidth}))
			}
			chain = append(chain, boxes[i])
			for j := 1; j < len(chain); j++ {
				chain[j].up = append(chain[j].up, chain[j-1])
				chain[j-1].at = append(chain[j-1].at, chain[j])
			}
			chains = append(chains, chain)
		}
	}
	return byRow, chains
}

func boxWidth(n Node) float64 {
	longest := max(utf8.RuneCountInString(label(n.Name)), utf8.RuneCountInString(label(n.Note)))
	return math.Ceil(float64(longest)*charWidth) + boxPad
}

// label shortens a text to what fits into a box.
func label(text string) string {
	if utf8.RuneCountInString(text) <= maxLabel {
		return text
	}
	return string([]rune(text)[:maxLabel-1]) + "…"
}

// arrange orders the places of each row so that few edges cross, and then moves them towards
// their neighbours.
func arrange(rows [][]*place) {
	for _, row := range rows {
		pack(row)
	}
	for sweep := range sweeps {
		eachRow(rows, sweep%2 == 0, func(row []*place, neighbours func(*place) []*place) {
			for _, p := range row {
				p.order = mean(neighbours(p), p.x)
			}
			slices.SortStableFunc(row, func(a, b *place) int { return cmp.Compare(a.order, b.order) })
			pack(row)
		})
	}
	for sweep := range sweeps {
		eachRow(rows, sweep%2 == 0, func(row []*place, neighbours func(*place) []*place) {
			for _, p := range row {
				p.order = mean(neighbours(p), p.x)
			}
			settle(row)
		})
	}
}

// eachRow visits the rows from above with the neighbours above, or from below with those below.
func eachRow(rows [][]*place, down bool, visit func([]*place, func(*place) []*place)) {
	for i := range rows {
		if down {
			visit(rows[i], func(p *place) []*place { return p.up })
		} else {
			visit(rows[len(rows)-1-i], func(p *place) []*place { return p.at })
		}
	}
}

func mean(places []*place, otherwise float64) float64 {
	if len(places) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, p := range places {
		sum += p.x
	}
	return sum / float64(len(places))
}

// pack puts the places of a row side by side, around 0.
func pack(row []*place) {
	width := -float64(gapX)
	for _, p := range row {
		width += p.width + gapX
	}
	x := -width / 2
	for _, p := range row {
		p.x = x + p.width/2
		x += p.width + gapX
	}
}

// settle moves the places of a row to where they want to be (order), as far as they do not
// overlap: each from the left, then each from the right, and the middle of both.
func settle(row []*place) {
	left, right := make([]float64, len(row)), make([]float64, len(row))
	for i, p := range row {
		left[i] = p.order
		if i > 0 {
			left[i] = max(left[i], left[i-1]+distance(row[i-1], p))
		}
	}
	for i := len(row) - 1; i >= 0; i-- {
		right[i] = row[i].order
		if i < len(row)-1 {
			right[i] = min(right[i], right[i+1]-distance(row[i], row[i+1]))
		}
	}
	for i, p := range row {
		p.x = (left[i] + right[i]) / 2
	}
}

func distance(a, b *place) float64 { return (a.width+b.width)/2 + gapX }

// draw turns places into boxes and paths.
func (g *Graph) draw(nodes []Node, rows, chains [][]*place) {
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		for _, p := range row {
			lowest, highest = min(lowest, p.x-p.width/2), max(highest, p.x+p.width/2)
		}
	}
	if len(nodes) == 0 {
		return
	}
	left := lowest - margin
	g.Width = int(math.Ceil(highest-left)) + margin
	g.Height = len(rows)*(boxHeight+gapY) - gapY + 2*margin
	top := func(row int) float64 { return float64(margin + row*(boxHeight+gapY)) }
	for _, row := range rows {
		for _, p := range row {
			if p.node >= 0 {
				n := nodes[p.node]
				g.Boxes = append(g.Boxes, Box{
					Node: n, Label: label(n.Name), Width: int(p.width), Height: boxHeight,
					X: int(math.Round(p.x - p.width/2 - left)), Y: int(top(p.row)),
				})
			}
		}
	}
	slices.SortFunc(g.Boxes, func(a, b Box) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X)) })
	for _, chain := range chains {
		g.Edges = append(g.Edges, path(chain, left, top))
	}
}

// path draws an edge: straight past rows, and a curve between them.
func path(chain []*place, left float64, top func(int) float64) string {
	var b strings.Builder
	for i, p := range chain {
		x := p.x - left
		if i == 0 {
			fmt.Fprintf(&b, "M%.0f %.0f", x, top(p.row)+boxHeight)
			continue
		}
		before := chain[i-1]
		from, to := top(before.row)+boxHeight, top(p.row)
		fmt.Fprintf(&b, "C%.0f %.0f %.0f %.0f %.0f %.0f", before.x-left, from+gapY/2, x, to-gapY/2, x, to)
		if i < len(chain)-1 {
			fmt.Fprintf(&b, "V%.0f", to+boxHeight)
		}
	}
	return b.String()
}
