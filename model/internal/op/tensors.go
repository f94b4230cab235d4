package op

import (
	"reflect"

	"tandem/model/internal/onnx"
)

// Tensors are those in files that an operation can reach, and that its Load reads.
// It looks for them wherever the operation keeps them, so that a new operator has
// nothing to say of its own.
func Tensors(o Operation) []*onnx.Tensor {
	f := finder{met: map[uintptr]bool{}}
	f.look(reflect.ValueOf(o))
	return f.found
}

type finder struct {
	met   map[uintptr]bool
	found []*onnx.Tensor
}

var tensorType = reflect.TypeFor[onnx.Tensor]()

func (f *finder) look(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || f.met[v.Pointer()] {
			return
		}
		f.met[v.Pointer()] = true
		if v.Type().Elem() == tensorType {
			f.found = append(f.found, (*onnx.Tensor)(v.UnsafePointer()))
			return
		}
		f.look(v.Elem())
	case reflect.Interface:
		f.look(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f.look(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if holds(v.Type().Elem()) {
			for i := range v.Len() {
				f.look(v.Index(i))
			}
		}
	}
}

// holds reports whether elements of a type may lead to tensors: numbers are many,
// and do not.
func holds(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Struct, reflect.Slice, reflect.Array:
		return true
	}
	return false
}
