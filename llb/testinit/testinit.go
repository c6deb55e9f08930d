// Package testinit holds the program that is the first process of a step's container:
// it runs the step's command as its child, reaps the processes that the command leaves to
// it, and exits with the command's code, or with 128 and the number of the signal that ended
// it. It ends a command that takes too long, and runs one that fails again.
package testinit

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

//go:generate program/build.sh

//go:embed program/init-amd64.bin
var amd64 []byte

//go:embed program/init-arm64.bin
var arm64 []byte

// Program is where the step finds it, and the first word of the step's command.
const Program = "/.jetkit-init"

// TimedOut is the program's exit code after it ended a command that took too long. No
// command makes it exit with this code.
const TimedOut = 253

// Attempts is the file, in the folder /out of a test, with the number of the attempt that
// passed after others had failed.
const Attempts = "attempts"

// Limits are what a command may take.
type Limits struct {
	// Timeout is when the command is ended, with SIGTERM and ten seconds later SIGKILL; in
	// whole seconds, and zero for never. Each attempt has it.
	Timeout time.Duration
	// Retries is how often a command that fails is run again.
	Retries int
}

// Command returns the arguments of a step that runs a command within limits.
func Command(l Limits, command ...string) []string {
	args := []string{Program}
	if l.Timeout > 0 {
		args = append(args, "--timeout="+strconv.Itoa(int(l.Timeout/time.Second)))
	}
	if l.Retries > 0 {
		args = append(args, "--retries="+strconv.Itoa(l.Retries))
	}
	return append(args, command...)
}

// option matches an option of the program.
var option = regexp.MustCompile(`^--(?:timeout|retries)=\d+$`)

// PlainArgs returns a step's command without the program.
func PlainArgs(args []string) []string {
	if len(args) == 0 || args[0] != Program {
		return args
	}
	args = args[1:]
	for len(args) > 0 && option.MatchString(args[0]) {
		args = args[1:]
	}
	return args
}

// words matches the program's words in front of a command.
var words = regexp.MustCompile(regexp.QuoteMeta(Program) + ` (?:--(?:timeout|retries)=\d+ )*`)

// PlainText returns a text without the program, which BuildKit's errors quote.
func PlainText(text string) string { return words.ReplaceAllString(text, "") }

// UnsupportedError reports a platform that the program was not compiled for.
type UnsupportedError struct{ Platform ocispecs.Platform }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("tests and time limits of RUN steps are for linux/arm64 and linux/amd64, and not for %s/%s: build for one of these, or without them (tests.run: none, build.timeout: none)",
		e.Platform.OS, e.Platform.Architecture)
}

// file is the name of the program in [File].
const file = "/init"

// File returns a state with the program for a platform. Its bytes are part of the
// definition, so that steps with it have the same cache key on every builder. The error is
// an [*UnsupportedError].
func File(platform ocispecs.Platform, opts ...llb.ConstraintsOpt) (llb.State, error) {
	program := map[string][]byte{"linux/amd64": amd64, "linux/arm64": arm64}[platform.OS+"/"+platform.Architecture]
	if program == nil {
		return llb.State{}, &UnsupportedError{Platform: platform}
	}
	return llb.Scratch().File(llb.Mkfile(file, 0o755, program, llb.WithCreatedTime(time.Unix(0, 0))), opts...), nil
}

// Mount returns the option that puts the program into a step for a platform.
func Mount(platform ocispecs.Platform, opts ...llb.ConstraintsOpt) (llb.RunOption, error) {
	st, err := File(platform, opts...)
	if err != nil {
		return nil, err
	}
	return llb.AddMount(Program, st, llb.SourcePath(file), llb.Readonly), nil
}

// InputMount returns the mount of the program in an operation that has [File] as input.
func InputMount(input pb.InputIndex) *pb.Mount {
	return &pb.Mount{Input: int64(input), Output: int64(pb.SkipOutput), Selector: file, Dest: Program, Readonly: true}
}
