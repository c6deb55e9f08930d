// Package platform knows the Jetson releases: which L4T goes with which
// JetPack, CUDA, cuDNN, TensorRT, Python, Ubuntu, board architectures and base
// image. The facts are tables with a source for every row (tables/*.json); the
// code only looks up, combines and explains.
package platform

import "jetkit/pkgspec/diag"

// Asked is one value that the user gave for the target; the zero Asked means
// that nothing was said.
type Asked struct {
	Value string
	// From is where it was set, for reasons: "jetson.yaml:3" or
	// "--build-arg CUDA_VERSION".
	From string
	At   diag.Range
}

// Request is what the user asked of the target.
type Request struct {
	L4T     Asked
	JetPack Asked
	CUDA    Asked
	Python  Asked
	Ubuntu  Asked
	// Arch is "tegra", "sbsa" or "x86_64", or one of jetson-containers' names
	// for them ("tegra-aarch64", "aarch64", "amd64").
	Arch Asked
	// Base is the base image that the user chose, if any. It takes the place of
	// the target's default, and with it goes the default's Ubuntu.
	Base Asked
	// Tables are the facts to resolve with; nil stands for the built-in ones.
	Tables *Tables
	// At is the place to blame when a value is missing: the target section, or
	// the file.
	At diag.Range
	// Platform is the OCI platform that is built for, such as "linux/arm64".
	// It decides the arch where the user gave none.
	Platform string
	// OneOfSeveral says that the build is for other platforms too, so that the
	// user has not forgotten to name one.
	OneOfSeveral bool
}
