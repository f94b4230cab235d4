package transport

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// fill sets all that a value holds, to something that is nowhere else.
func fill(v reflect.Value, next *int) {
	*next++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*next))
	case reflect.Float64:
		v.SetFloat(float64(*next) + 0.1)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *next))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, next)
		fill(value, next)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" { // the others are not JSON's
				fill(v.Field(i), next)
			}
		}
	default:
		panic(v.Kind())
	}
}

// Whatever is added to a report, a ledger, a status or the live figures of package pipeline must be in tandem.proto too.
func TestEveryFieldCrossesTheWire(t *testing.T) {
	cross := func(sent, got any, m proto.Message) {
		t.Helper()
		n := 0
		fill(reflect.ValueOf(sent).Elem(), &n)
		if err := errors.Join(convert(sent, m), check(m), convert(m, got)); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(sent, got); d != "" {
			t.Error(d)
		}
	}
	cross(new(pipeline.Report), new(pipeline.Report), new(wire.Report))
	cross(new(pipeline.Entry), new(pipeline.Entry), new(wire.Ledger))
	cross(new(pipeline.Live), new(pipeline.Live), new(wire.Live))

	var sent pipeline.Status
	n := 0
	fill(reflect.ValueOf(&sent).Elem(), &n)
	got, err := statusFromWire(statusToWire([]pipeline.Status{sent}, maxStatusBytes))
	if err != nil {
		t.Fatal(err)
	}
	sent.Next = nil // nobody shows it
	if d := cmp.Diff([]pipeline.Status{sent}, got); d != "" {
		t.Error(d)
	}

	sent.Life, sent.GoneIDs = "x", pipeline.IDs{{1, 5}, {7, 7}}
	sent.Handed = []pipeline.Handover{{NodeID: pipeline.NodeID{Role: "slow", Address: "s"}, Life: "y", Frames: pipeline.IDs{{1<<64 - 1, 1<<64 - 1}}}}
	m, err := ledgerToWire(sent.Entry)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := ledgerFromWire(m)
	if d := cmp.Diff(sent.Entry, entry); err != nil || d != "" {
		t.Error(err, d)
	}
}
