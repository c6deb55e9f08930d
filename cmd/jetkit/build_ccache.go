package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jetkit/pkgspec/diag"
)

// ccacheFlags are those of jetson-containers build that change what the Dockerfiles do.
// Both are settings of jetson.yaml here, and off unless they are asked for: then the
// image is that of docker build.
type ccacheFlags struct {
	ccache, noCcache, noGithubAPI bool
	ccacheDir, ccacheMaxsize      string
}

func (f *ccacheFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.ccache, "ccache", false, "keep what compilers make in a cache of the builder's, for steps in images that have ccache (DOCKER_CCACHE)")
	flags.BoolVar(&f.noCcache, "no-ccache", false, "no compiler cache, whatever jetson.yaml and the environment say")
	flags.StringVar(&f.ccacheDir, "ccache-dir", "", "`FOLDER` of the compiler cache in the steps; turns it on (default: /root/.cache/ccache) (DOCKER_CCACHE_DIR)")
	flags.StringVar(&f.ccacheMaxsize, "ccache-maxsize", "", "`SIZE` of the compiler cache, such as 20G; turns it on (default: 20G) (DOCKER_CCACHE_MAXSIZE)")
	flags.BoolVar(&f.noGithubAPI, "no-github-api", false, "leave out ADD https://api.github.com/..., which builds anew after each commit")
}

// changes turns the flags, and the variables that stand for them, into build arguments.
func (f *buildFlags) changes(cmd *cobra.Command, sys *system) error {
	if f.ccache && f.noCcache {
		return usagef(cmd, "--ccache and --no-ccache exclude each other")
	}
	if f.noGithubAPI {
		f.args = append(f.args, "BUILD_GITHUB_API=false")
	}
	sized := f.ccacheDir != "" || f.ccacheMaxsize != ""
	switch {
	case f.noCcache, cmd.Flags().Changed("ccache") && !f.ccache:
		f.args = append(f.args, "BUILD_CCACHE=false")
		return nil
	case f.ccache, sized:
		f.args = append(f.args, "BUILD_CCACHE=true")
	case slices.ContainsFunc(f.args, func(a string) bool { return strings.HasPrefix(a, "BUILD_CCACHE=") }):
		return nil
	default:
		if on, err := ccacheVariable(sys); err != nil || on == "" {
			return err
		} else if f.args = append(f.args, "BUILD_CCACHE="+on); on == "false" {
			return nil
		}
	}
	for _, v := range []struct{ flag, variable, arg string }{
		{f.ccacheDir, "DOCKER_CCACHE_DIR", "BUILD_CCACHE_DIR"},
		{f.ccacheMaxsize, "DOCKER_CCACHE_MAXSIZE", "BUILD_CCACHE_MAX_SIZE"},
	} {
		if v.flag != "" {
			f.args = append(f.args, v.arg+"="+v.flag)
		} else {
			f.take(sys, v.variable, v.arg)
		}
	}
	return nil
}

// ccacheVariable returns what the variable DOCKER_CCACHE says: "true", "false" or nothing.
func ccacheVariable(sys *system) (string, error) {
	value, _ := sys.env("DOCKER_CCACHE")
	if value == "" {
		return "", nil
	}
	on := false
	switch strings.ToLower(value) {
	case "1", "true", "yes", "on":
		on = true
	case "0", "false", "no", "off":
	default:
		return "", fmt.Errorf("DOCKER_CCACHE=%s: write 1 or 0", diag.Clean(value))
	}
	fmt.Fprintf(sys.err, "note: DOCKER_CCACHE=%s is from the environment\n", diag.Clean(value))
	return strconv.FormatBool(on), nil
}
