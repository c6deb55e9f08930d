package compat

import (
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// reason explains differences. Those of docs/compat.md are these.
type reason struct {
	// Title is the reason in a few words, Why says who is right.
	Title, Why string
	explains   func(*comparison, difference) bool
}

// reasons are tried in this order.
var reasons = []reason{
	{
		"Endless replacement", "Upstream's resolver replaces `llvm`, `llvm:20` and `llvm:22` by one another until it gives up (RecursionError). jetkit refuses the chain with the two demands that disagree.",
		chains(func(_ *comparison, d difference, _, _ []string) bool {
			return strings.Contains(d.Want, "RecursionError") && isError(d.Got)
		}),
	},
	{
		"Both refuse", "Neither builds this: a dependency does not exist on the target. Upstream says `KeyError`, jetkit which package needs what, and why each candidate does not do. (Upstream also lists such packages as usable: its check never runs.)",
		chains(func(_ *comparison, d difference, _, _ []string) bool {
			return isError(d.Want) && isError(d.Got) && (strings.Contains(d.Want, "KeyError") || strings.Contains(d.Want, "AttributeError"))
		}),
	},
	{
		"A name without a tag", "`cudastack` has no package or alias of that bare name, so upstream fails. In jetkit a name without a tag leaves the version open, and the version that the chain has answers it.",
		chains(func(_ *comparison, d difference, _, _ []string) bool {
			return strings.Contains(d.Want, "couldn't find package:  cudastack") && !isError(d.Got)
		}),
	},
	{
		"A package twice in a chain", "Upstream builds a package twice when two of its aliases are asked for. jetkit builds it once.",
		chains(func(_ *comparison, d difference, _, want []string) bool {
			return !isError(d.Want) && repeats(want) && (repeats(families(distinct(want))) || sameNames(strings.Fields(d.Got), want))
		}),
	},
	{
		"Two versions in a chain", "Upstream builds two versions of a package one after the other, and the second replaces the first in the image. jetkit holds one version, or refuses and names both demands.",
		chains(func(_ *comparison, d difference, _, want []string) bool {
			return !isError(d.Want) && repeats(families(want)) && (isError(d.Got) || sameNames(families(strings.Fields(d.Got)), families(want)))
		}),
	},
	{
		"A pin that upstream loses", "`pytorch cuda:12.8` builds CUDA 12.6 in upstream, because the pin comes second. In jetkit a pin holds wherever it stands.",
		chains(func(_ *comparison, d difference, asked, want []string) bool {
			return !isError(d.Want) && slices.ContainsFunc(asked, func(name string) bool {
				return strings.Contains(name, ":") && !catalog.IsPattern(name) && !slices.Contains(want, name)
			})
		}),
	},
	{
		"Scan order of `physicalAI/ros`", "Upstream reads this one folder before all others, by its name. Lookups find the same.",
		func(_ *comparison, d difference) bool {
			return d.Field == "order" && slices.Equal(rosFirst(words(d.Got)), words(d.Want))
		},
	},
	{
		"A test script that does not exist", "`test` names a script that the folder does not have. Upstream fails when it runs the test; jetkit leaves it out, with a warning.",
		func(c *comparison, d difference) bool {
			p := c.used[d.What]
			return d.Field == "test" && p != nil && slices.ContainsFunc(p.Problems, func(w diag.Diagnostic) bool { return w.Rule == rules.MissingFile })
		},
	},
	{
		"l4t-ml: a broken list", "A line of `depends` in its header is a mapping by accident. Upstream fails when it resolves the chain; jetkit points at the line.",
		func(_ *comparison, d difference) bool {
			return d.What == "l4t-ml" && (d.Field == "depends" || d.Field == "faults")
		},
	},
	{
		"gemma_vlm: keys that its config.py drops", "Its config.py makes a new dictionary without `path` and with an empty `requires`, so upstream cannot build it. jetkit knows the folder that it read.",
		func(_ *comparison, d difference) bool {
			return d.What == "gemma_vlm:3-4b-it" && slices.Contains([]string{"path", "requires", "dockerfile"}, d.Field)
		},
	},
	{
		"L4T of a PC", "Without a release given, upstream assumes L4T 39.1.0 on x86, which NVIDIA never released; jetkit takes the newest verified release of its table. It shows in the build arguments that hold an L4T version.",
		func(c *comparison, d difference) bool {
			assumed := c.target.Arch.Value == "x86_64" && c.Env["L4T_VERSION"] == ""
			switch d.Field {
			case "fact":
				return assumed && d.What == "L4T"
			case "build_args":
				return assumed && strings.Contains(d.Want, "L4T_") && withoutL4T(d.Got) == withoutL4T(d.Want)
			}
			return false
		},
	},
	{
		"The machine that plans", "isaac-sim's config.py passes on the architecture of the machine that it runs on. In jetkit that is the target's.",
		func(_ *comparison, d difference) bool {
			return d.Field == "build_args" && strings.HasPrefix(d.What, "isaacsim:") && sameBut(d.Got, d.Want, "ARCH")
		},
	},
	{
		"A build argument that is None", "llama_cpp and stable_diffusion_cpp set arguments to `None` for versions that have none. Upstream passes on the text None; in jetkit such an argument is not given, so the Dockerfile's own default holds.",
		func(_ *comparison, d difference) bool {
			kept := slices.DeleteFunc(strings.Fields(d.Want), func(arg string) bool { return strings.HasSuffix(arg, `="None"`) })
			return d.Field == "build_args" && strings.Contains(d.Want, `="None"`) && slices.Equal(strings.Fields(d.Got), kept)
		},
	},
	{
		"An L4T without its last number", "jetkit completes `L4T_VERSION=36.2` to 36.2.0, as NVIDIA names the release.",
		func(_ *comparison, d difference) bool {
			return d.Field == "fact" && d.What == "L4T" && d.Got == d.Want+".0"
		},
	},
}

// sameBut reports whether two texts of build arguments are the same but for one.
func sameBut(a, b, name string) bool {
	without := func(args string) string {
		var kept []string
		for arg := range strings.FieldsSeq(args) {
			if !strings.HasPrefix(arg, name+"=") {
				kept = append(kept, arg)
			}
		}
		return strings.Join(kept, " ")
	}
	return without(a) == without(b)
}

// explain returns the title of the reason for a difference, or "".
func (c *comparison) explain(d difference) string {
	for _, r := range reasons {
		if r.explains(c, d) {
			return r.Title
		}
	}
	return ""
}

// chains makes an explanation of chains from a function of the request's names
// and upstream's chain.
func chains(explains func(c *comparison, d difference, asked, want []string) bool) func(*comparison, difference) bool {
	return func(c *comparison, d difference) bool {
		if d.Field != "chain" && d.Field != "combination" {
			return false
		}
		asked, _, _ := strings.Cut(d.What, " without ")
		return explains(c, d, strings.Fields(asked), strings.Fields(d.Want))
	}
}

func isError(chain string) bool { return strings.HasPrefix(chain, "error ") }

func repeats(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) < len(names)
}

func families(names []string) []string {
	var bases []string
	for _, name := range names {
		bases = append(bases, catalog.Base(name))
	}
	return bases
}

func distinct(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// sameNames reports whether two chains hold the same names, in any order.
func sameNames(a, b []string) bool { return slices.Equal(distinct(a), distinct(b)) }

func words(list string) []string { return strings.Fields(strings.Trim(list, "[]")) }

// rosFirst moves the packages that upstream reads first to the front.
func rosFirst(order []string) []string {
	isROS := func(name string) bool { return strings.HasPrefix(name, "ros:") }
	first := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return !isROS(name) })
	return append(first, slices.DeleteFunc(slices.Clone(order), isROS)...)
}

// withoutL4T takes numbers of L4T out of build arguments.
func withoutL4T(args string) string {
	var kept []string
	for arg := range strings.FieldsSeq(args) {
		if !strings.HasPrefix(arg, "L4T_") {
			kept = append(kept, arg)
		}
	}
	return strings.Join(kept, " ")
}
