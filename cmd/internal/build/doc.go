// Package build builds an image on a BuildKit: the frontend runs here, in the
// process of its user, and not in a container of the builder's. Plan, LLB and cache
// keys are those of a build through the frontend's image.
//
// [Request] says what to build, [Run] builds it, and [Hooks] let others look on or
// step in:
//
//   - OnStatus receives each message of the builder's progress, before it is shown.
//   - OnPlan and OnCompiled receive each platform's plan, and what it was compiled to,
//     before its first step runs.
//   - Wrap puts something around the gateway callback, which can then start
//     containers in the state of a failed step. [Progress.Suspend] clears the terminal
//     for it.
//
// Where an image goes is an [Export]; [Engine] is what loads images on this machine.
package build
