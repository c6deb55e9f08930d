// Command manifests checks Kubernetes manifests against the types of Kubernetes' API: unknown or repeated fields, wrong
// types and unknown kinds are errors. It needs no cluster. A field that is missing is not noticed.
//
//	manifests FILE...
//
// It lives among the tools because buildx is compiled with the same packages.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	if err := checkAll(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func checkAll(files []string) error {
	scheme := runtime.NewScheme()
	err := errors.Join(appsv1.AddToScheme(scheme), batchv1.AddToScheme(scheme), corev1.AddToScheme(scheme),
		networkingv1.AddToScheme(scheme), policyv1.AddToScheme(scheme), rbacv1.AddToScheme(scheme))
	if err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var problems []error
	for _, file := range files {
		if err := check(decoder, file); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
	}
	return errors.Join(problems...)
}

// check decodes every document of a file. A file without any is an error.
func check(decoder runtime.Decoder, file string) error {
	dt, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(dt)))
	var problems []error
	objects := 0
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if empty(document) {
			continue
		}
		objects++
		if _, _, err := decoder.Decode(document, nil, nil); err != nil {
			problems = append(problems, fmt.Errorf("document %d: %w", number, err))
		}
	}
	if objects == 0 {
		problems = append(problems, errors.New("no document"))
	}
	return errors.Join(problems...)
}

// empty reports whether a document is nothing but comments.
func empty(document []byte) bool {
	for line := range bytes.Lines(document) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
