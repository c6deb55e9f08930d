package plan

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
)

// explained lists the fields of the plan that explain, and thus are no part of its digest.
// A new field that is in neither list fails the test: decide what it is.
var explained = map[string]bool{
	"Plan.BaseAt": true, "Plan.Requested": true, "Plan.RequestedAt": true, "Plan.Overrides": true,
	"Image.BaseAt": true, "ImageFile.At": true, "Value.Reason": true, "Value.Source": true,
	"Step.Why": true, "Step.Requested": true, "Step.AfterAllReason": true, "Step.At": true, "Step.Kernels": true, "Resources.Memory": true, "Resources.CPUs": true, "Resources.At": true, "Constraint.At": true, "Test.At": true, "Secret.At": true, "SSHAgent.At": true,
	// What steps may take, how many run at once and what they have cached changes nothing that they make.
	"Step.BuildTimeout": true, "Test.Timeout": true, "Test.Retries": true,
	"Build.Ccache": true, "Build.Caches": true, "Build.Parallel": true, "Tests.Parallel": true, "Tests.GPUParallel": true,
}

// TestDigestIsOfTheIdentity changes each field of a plan by itself.
func TestDigestIsOfTheIdentity(t *testing.T) {
	digest := func(p *Plan) string {
		d, err := p.Digest()
		require.NoError(t, err)
		return d
	}
	want := digest(filled())
	var fields int
	var walk func(reflect.Type, func(*Plan) reflect.Value)
	walk = func(typ reflect.Type, get func(*Plan) reflect.Value) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			name := typ.Name() + "." + field.Name
			part := func(p *Plan) reflect.Value { return get(p).Field(i) }
			switch {
			case explained[name]:
			case field.Type.Kind() == reflect.Struct:
				walk(field.Type, part)
				continue
			case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
				walk(field.Type.Elem(), func(p *Plan) reflect.Value { return part(p).Index(0) })
				continue
			}
			fields++
			p := filled()
			part(p).SetZero()
			got := digest(p)
			if explained[name] {
				require.Equal(t, want, got, "%s explains, but is part of the digest", name)
			} else {
				require.NotEqual(t, want, got, "%s decides what is built, but is no part of the digest", name)
			}
		}
	}
	walk(reflect.TypeFor[Plan](), func(p *Plan) reflect.Value { return reflect.ValueOf(p).Elem() })
	require.Greater(t, fields, 40)
}

func TestIdentityLeavesThePlanAsItIs(t *testing.T) {
	p := filled()
	p.Identity()
	require.Equal(t, filled(), p)
}

// filled is a plan without a zero field.
func filled() *Plan {
	p := &Plan{}
	fill(reflect.ValueOf(p).Elem())
	return p
}

func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[diag.Range]() {
		v.Set(reflect.ValueOf(diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 3, Column: 1}}))
		return
	}
	switch v.Kind() { // a plan has no other kinds
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"k": "v"}))
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	default:
		panic("add a value of the kind " + v.Kind().String())
	}
}
