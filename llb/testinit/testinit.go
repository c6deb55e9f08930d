// Package testinit holds the program that is the first process of a test's container:
// it runs the test as its child, reaps the processes that the test leaves to it, and
// exits with the test's code, or with 128 and the number of the signal that ended it.
package testinit

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

//go:generate program/build.sh

//go:embed program/init-amd64.bin
var amd64 []byte

//go:embed program/init-arm64.bin
var arm64 []byte

// Program is where the step finds it, and the first word of the step's command.
const Program = "/.jetkit-init"

// UnsupportedError reports a platform that the program was not compiled for.
type UnsupportedError struct{ Platform ocispecs.Platform }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("tests run on linux/arm64 and linux/amd64, and not on %s/%s: build for one of these, or without tests (tests.run: none)",
		e.Platform.OS, e.Platform.Architecture)
}

// Mount returns the option that puts the program into a step for a platform. The file is
// part of the definition, so that the step has the same cache key on every builder. The
// error is an [*UnsupportedError].
func Mount(platform ocispecs.Platform, opts ...llb.ConstraintsOpt) (llb.RunOption, error) {
	program := map[string][]byte{"linux/amd64": amd64, "linux/arm64": arm64}[platform.OS+"/"+platform.Architecture]
	if program == nil {
		return nil, &UnsupportedError{Platform: platform}
	}
	file := llb.Scratch().File(llb.Mkfile("/init", 0o755, program, llb.WithCreatedTime(time.Unix(0, 0))), opts...)
	return llb.AddMount(Program, file, llb.SourcePath("/init"), llb.Readonly), nil
}
