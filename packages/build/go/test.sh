#!/usr/bin/env bash
# Compiles and tests a small module, without a network.
set -euo pipefail

go version
work=$(mktemp -d)
export GOCACHE=$work/cache GOPATH=$work/path GOFLAGS=-mod=mod
cd "$work"
go mod init example.com/hello
cat >main.go <<'GO'
package main

import "fmt"

func triangle(n int) int {
	sum := 0
	for i := 1; i <= n; i++ {
		sum += i
	}
	return sum
}

func main() { fmt.Println(triangle(1000)) }
GO
cat >main_test.go <<'GO'
package main

import "testing"

func TestTriangle(t *testing.T) {
	if got := triangle(4); got != 10 {
		t.Fatal(got)
	}
}
GO
go vet ./...
go test ./...
test "$(go run .)" = 500500
