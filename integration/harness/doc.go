//go:build linux

// Package harness runs the real things jetkit is used with, privately and for a short while: a registry, one or more
// buildkitd, the docker CLI with buildx, and (only when asked) a dockerd.
//
// It is plain code that returns errors, so tests, the demo and the benchmarks share it. Everything it starts lives
// under one temporary folder, listens on loopback or on unix sockets in that folder, and is gone after [Env.Close].
// The user's own docker configuration, builders and daemons are neither read nor changed.
//
// The programs come from the repository's .cache/bin and from the system; integration/setup.sh provides both.
package harness
