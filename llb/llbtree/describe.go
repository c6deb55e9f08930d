package llbtree

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/solver/pb"
)

// describe returns lines about what an operation does.
func describe(n node) []string {
	switch op := n.op.GetOp().(type) {
	case *pb.Op_Source:
		return describeSource(op.Source)
	case *pb.Op_Exec:
		return describeExec(op.Exec, n.inputs)
	case *pb.Op_File:
		return describeFile(op.File, n.inputs)
	case *pb.Op_Merge:
		return []string{"merge" + numbers(n.inputs)}
	case *pb.Op_Diff:
		return []string{"diff" + numbers(n.inputs)}
	case nil:
		return []string{"result" + numbers(n.inputs)}
	}
	return []string{fmt.Sprintf("%T%s", n.op.GetOp(), numbers(n.inputs))}
}

func describeSource(src *pb.SourceOp) []string {
	lines := []string{"source " + src.GetIdentifier()}
	for _, k := range slices.Sorted(maps.Keys(src.GetAttrs())) {
		if !slices.Contains(sessionAttrs, k) {
			lines = append(lines, k+"="+src.GetAttrs()[k])
		}
	}
	return lines
}

func describeExec(exec *pb.ExecOp, inputs []int) []string {
	meta := exec.GetMeta()
	lines := []string{"exec " + quoted(meta.GetArgs())}
	lines = append(lines, "cwd "+meta.GetCwd())
	if meta.GetUser() != "" {
		lines = append(lines, "user "+meta.GetUser())
	}
	for _, env := range meta.GetEnv() {
		lines = append(lines, "env "+strconv.Quote(env))
	}
	if exec.GetNetwork() != pb.NetMode_UNSET {
		lines = append(lines, "network "+exec.GetNetwork().String())
	}
	if exec.GetSecurity() != pb.SecurityMode_SANDBOX {
		lines = append(lines, "security "+exec.GetSecurity().String())
	}
	for _, d := range exec.GetCdiDevices() {
		lines = append(lines, fmt.Sprintf("device %s optional=%t", d.GetName(), d.GetOptional()))
	}
	for _, u := range meta.GetUlimit() {
		lines = append(lines, fmt.Sprintf("ulimit %s=%d:%d", u.GetName(), u.GetSoft(), u.GetHard()))
	}
	for _, h := range meta.GetExtraHosts() {
		lines = append(lines, "host "+h.GetHost()+" "+h.GetIP())
	}
	for _, m := range exec.GetMounts() {
		lines = append(lines, describeMount(m, inputs))
	}
	return lines
}

func describeMount(m *pb.Mount, inputs []int) string {
	line := "mount " + m.GetDest() + " " + strings.ToLower(m.GetMountType().String())
	if m.GetInput() >= 0 {
		line += " from" + numbers(inputs[m.GetInput():m.GetInput()+1])
	}
	if m.GetSelector() != "" {
		line += " path " + m.GetSelector()
	}
	if m.GetReadonly() {
		line += " readonly"
	}
	if m.GetContentCache() == pb.MountContentCache_OFF {
		line += " without content cache"
	}
	if m.GetOutput() < 0 && m.GetMountType() == pb.MountType_BIND && !m.GetReadonly() {
		line += " discarded"
	}
	if c := m.GetCacheOpt(); c != nil {
		line += fmt.Sprintf(" id %s %s", c.GetID(), strings.ToLower(c.GetSharing().String()))
	}
	if t := m.GetTmpfsOpt(); t != nil && t.GetSize() > 0 {
		line += fmt.Sprintf(" size %d", t.GetSize())
	}
	return line
}

func describeFile(file *pb.FileOp, inputs []int) []string {
	// An action's input counts the operation's inputs first, then the actions.
	ref := func(i int64) string {
		switch {
		case i < 0:
			return "scratch"
		case int(i) < len(inputs):
			return strings.TrimSpace(numbers(inputs[i : i+1]))
		}
		return fmt.Sprintf("action %d", int(i)-len(inputs)+1)
	}
	var lines []string
	for _, a := range file.GetActions() {
		lines = append(lines, describeAction(a, ref))
	}
	return lines
}

func describeAction(a *pb.FileAction, ref func(int64) string) string {
	on := " on " + ref(a.GetInput())
	switch act := a.GetAction().(type) {
	case *pb.FileAction_Copy:
		c := act.Copy
		line := fmt.Sprintf("copy %s:%s -> %s", ref(a.GetSecondaryInput()), c.GetSrc(), c.GetDest())
		if c.GetModeStr() != "" {
			line += " mode " + c.GetModeStr()
		}
		if len(c.GetIncludePatterns()) > 0 {
			line += " include " + quoted(c.GetIncludePatterns())
		}
		if len(c.GetExcludePatterns()) > 0 {
			line += " exclude " + quoted(c.GetExcludePatterns())
		}
		return line + on
	case *pb.FileAction_Mkfile:
		f := act.Mkfile
		return fmt.Sprintf("mkfile %s %04o %d bytes", f.GetPath(), f.GetMode(), len(f.GetData())) + on
	case *pb.FileAction_Mkdir:
		return fmt.Sprintf("mkdir %s %04o", act.Mkdir.GetPath(), act.Mkdir.GetMode()) + on
	case *pb.FileAction_Rm:
		return "rm " + act.Rm.GetPath() + on
	case *pb.FileAction_Symlink:
		return fmt.Sprintf("symlink %s -> %s", act.Symlink.GetNewpath(), act.Symlink.GetOldpath()) + on
	}
	return fmt.Sprintf("%T", a.GetAction()) + on
}

// numbers returns " #1 #4" for the positions 0 and 3.
func numbers(nodes []int) string {
	var b strings.Builder
	for _, n := range nodes {
		fmt.Fprintf(&b, " #%d", n+1)
	}
	return b.String()
}

func quoted(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = strconv.Quote(w)
	}
	return strings.Join(q, " ")
}
