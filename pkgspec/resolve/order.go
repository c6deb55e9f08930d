package resolve

// sort puts the chain into jetson-containers' order: depth first, each package
// after what it demands, in the order it demands it. Packages that are left out
// keep their say in the order, so that skipping numpy doesn't move python behind
// a package that needs it through numpy, unless that makes a circle.
func (g *graph) sort() {
	g.order, g.cycles = g.depthFirst((*node).inChain)
	if len(g.cycles) > 0 || len(g.order) == len(g.reached) {
		return
	}
	all, cycles := g.depthFirst(func(*node) bool { return true })
	if len(cycles) > 0 {
		return
	}
	g.order = g.order[:0]
	for _, n := range all {
		if n.inChain() {
			g.order = append(g.order, n)
		}
	}
}

// frame is a package whose demands are being followed.
type frame struct {
	node *node
	next int
}

// depthFirst walks over the nodes that take part and yields each after what it
// demands, and the cycles in which they demand each other. It keeps its own
// stack, as chains may be long.
func (g *graph) depthFirst(takesPart func(*node) bool) (order []*node, cycles [][]*demand) {
	depth := map[*node]int{} // 1 and up while open, -1 when done
	for _, root := range g.roots {
		if root.to == nil || !takesPart(root.to) || depth[root.to] != 0 {
			continue
		}
		stack := []frame{{node: root.to}}
		depth[root.to] = 1
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == len(top.node.demands) {
				order = append(order, top.node)
				depth[top.node] = -1
				stack = stack[:len(stack)-1]
				continue
			}
			d := top.node.demands[top.next]
			top.next++
			switch {
			case d.to == nil || !takesPart(d.to) || d.to == top.node && !d.match.exact:
			case depth[d.to] > 0:
				cycles = append(cycles, around(stack[depth[d.to]-1:]))
			case depth[d.to] == 0:
				stack = append(stack, frame{node: d.to})
				depth[d.to] = len(stack)
			}
		}
	}
	return order, cycles
}

// around returns the demands that lead round a cycle: those that the open frames
// are following.
func around(open []frame) []*demand {
	cycle := make([]*demand, len(open))
	for i, f := range open {
		cycle[i] = f.node.demands[f.next-1]
	}
	return cycle
}
