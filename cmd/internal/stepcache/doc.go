// Package stepcache knows which steps of a build a builder has the results of, without
// running any.
//
// BuildKit has no dry run: to ask its solver for a result is to have it made, and a step
// that is stopped as it starts may have changed a cache mount by then. So jetkit keeps its
// own record. After a build, [Recorder] notes for each step that ran which record of the
// builder's cache holds its result: the one that was made by that step's name while it ran,
// if there is exactly one. [Known.Steps] finds the notes of the same step again, the same by
// operation, inputs and contents of local files, and asks the builder whether the record is
// still there.
//
// What it does not know it calls [Unknown], never [Cached]: a step that docker buildx build
// made, or another machine, or one of a Git repository whose commit is not given.
package stepcache
