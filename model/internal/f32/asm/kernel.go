package main

import (
	"fmt"
	"go/token"
	"go/types"
	"log"
	"strings"
)

// kernel is an assembly function that is being written.
type kernel struct {
	set
	name    string // in Go; in assembly the set's name follows
	params  string // as Go declares them
	names   []string
	offsets map[string]int64 // of parameters from FP
	size    int64            // of all parameters
	general []reg            // registers that are free
	used    int              // vector registers
	masks   int              // mask registers
	legend  []string         // what is in which register
	code    strings.Builder
}

// kernel begins a function, such as "affine", with parameters "y *float32, n int".
func (s set) kernel(name, params string) *kernel {
	k := &kernel{set: s, name: name, params: params, offsets: map[string]int64{}}
	k.general = []reg{"AX", "BX", "CX", "DX", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}
	f, err := types.Eval(token.NewFileSet(), f32, token.NoPos, "func("+params+")")
	if err != nil {
		log.Panicf("%s(%s): %v", name, params, err)
	}
	for v := range f.Type.(*types.Signature).Params().Variables() {
		size := sizes.Sizeof(v.Type())
		k.size = (k.size + size - 1) / size * size
		k.names, k.offsets[v.Name()] = append(k.names, v.Name()), k.size
		k.size += size
	}
	return k
}

var sizes = types.SizesFor("gc", "amd64")

// f32 is the package that declares what kernels point to. Their fields are known
// to assembly by go_asm.h.
var f32 = func() *types.Package {
	p := types.NewPackage("f32", "f32")
	for _, name := range []string{"strips", "Run", "filtersCall", "slideCall"} {
		p.Scope().Insert(types.NewTypeName(token.NoPos, p, name, types.NewStruct(nil, nil)))
	}
	return p
}()

// reg is a register, mem an address: by a register, offset + base + index*scale.
type (
	reg string
	mem struct {
		offset int
		place  string
	}
)

func (r reg) at(offset int) mem { return mem{offset, fmt.Sprintf("(%s)", r)} }

func (m mem) by(index reg, scale int) mem {
	return mem{m.offset, fmt.Sprintf("%s(%s*%d)", m.place, index, scale)}
}

func (m mem) plus(offset int) mem { return mem{m.offset + offset, m.place} }

func (m mem) String() string { return fmt.Sprint(m.offset, m.place) }

// op writes an instruction as Go's assembler has it, sources first. An int is a
// constant, a string a label.
func (k *kernel) op(name string, operands ...any) {
	fmt.Fprintf(&k.code, "\t%-16s", name)
	for i, o := range operands {
		if _, constant := o.(int); constant {
			o = fmt.Sprint("$", o)
		}
		fmt.Fprint(&k.code, strings.Repeat(",", min(i, 1)), " ", o)
	}
	k.code.WriteString("\n")
}

func (k *kernel) label(name string) { fmt.Fprintf(&k.code, "\n%s:\n", name) }

// register takes a general register that is free.
func (k *kernel) register(what string) reg {
	if len(k.general) == 0 {
		log.Panicf("%s: no register is left for %s", k.symbol(), what)
	}
	r := k.general[0]
	k.general = k.general[1:]
	k.legend = append(k.legend, fmt.Sprint(r, " ", what))
	return r
}

// vectors takes n vector registers that are free.
func (k *kernel) vectors(what string, n int) []reg {
	if k.used+n > k.registers {
		log.Panicf("%s: no %d registers are left for %s", k.symbol(), n, what)
	}
	v := make([]reg, n)
	for i := range v {
		v[i] = reg(fmt.Sprint(k.letter, k.used+i))
	}
	k.used += n
	k.legend = append(k.legend, fmt.Sprint(v, " ", what))
	return v
}

func (k *kernel) vector(what string) reg { return k.vectors(what, 1)[0] }

// param is where the caller has left a parameter.
func (k *kernel) param(name string) string {
	offset, ok := k.offsets[name]
	if !ok {
		log.Panicf("%s has no parameter %s", k.name, name)
	}
	return fmt.Sprintf("%s+%d(FP)", name, offset)
}

// arg loads a pointer or an int.
func (k *kernel) arg(name string) reg {
	r := k.register(name)
	k.op("MOVQ", k.param(name), r)
	return r
}

// spread loads a float32 into every lane of a vector.
func (k *kernel) spread(name string) reg {
	v := k.vector(name)
	k.op("VBROADCASTSS", k.param(name), v)
	return v
}

func (k *kernel) symbol() string { return k.name + k.set.name }

// assembly is the whole function.
func (k *kernel) assembly() string {
	return fmt.Sprintf("\n// func %s(%s)\n// %s\nTEXT ·%[1]s(SB), NOSPLIT, $0-%[4]d\n%[5]s\tVZEROUPPER\n\tRET\n",
		k.symbol(), k.params, strings.Join(k.legend, ", "), k.size, &k.code)
}

// declaration is how Go knows it.
func (k *kernel) declaration() string {
	return fmt.Sprintf("\n//go:noescape\nfunc %s(%s)\n", k.symbol(), k.params)
}

// choice is the Go function that calls k on AVX-512, or other.
func (k *kernel) choice(other *kernel) string {
	return fmt.Sprintf("\nfunc %s(i isa, %s) {\nif i == avx512 {\n%s(%s)\n} else {\n%s(%[4]s)\n}\n}\n",
		k.name, k.params, k.symbol(), strings.Join(k.names, ", "), other.symbol())
}
