package main

import (
	"bytes"
	"fmt"
	"strings"
)

// How the formulas become files of package f32: an assembly function for each of
// them and each machine, the same in Go, and who calls which.

const signature = "y, x, z *float32, n int, p *[4]float32, rows, gap int"

// functionFiles is what is generated of formulas, by name.
func functionFiles() map[string][]byte {
	out := map[string][]byte{"functions_go.go": plainFile()}
	for architecture, machines := range map[string][]machine{
		"amd64": {x86{avx512}, x86{avx2}}, "arm64": {neon64{}}, "arm": {neon32{}},
	} {
		var code, calls bytes.Buffer
		fmt.Fprintf(&code, "%s#include \"textflag.h\"\n", header)
		fmt.Fprintf(&calls, "%spackage f32\n", header)
		for _, m := range machines {
			for _, f := range available(m) {
				k := compile(m, f)
				code.WriteString(k.assembly(m))
				fmt.Fprintf(&calls, "\n//go:noescape\nfunc %s%s(%s)\n", k.name, m.suffix(), signature)
			}
		}
		calls.WriteString(dispatch(machines))
		out["functions_"+architecture+".s"] = code.Bytes()
		out["functions_"+architecture+".go"] = formatted(calls.Bytes())
	}
	return out
}

// available are the formulas that a machine can compute.
func available(m machine) (all []*formula) {
	for _, f := range formulas() {
		if _, steps := m.(neon32); steps {
			if f.name == "division" { // of any two numbers, the steps would not reach
				continue
			}
			f = divided(f)
		}
		all = append(all, f)
	}
	return all
}

// assembly is the whole function, behind its table.
func (k *compiled) assembly(m machine) string {
	var s strings.Builder
	name := k.name + m.suffix()
	table := k.name + m.suffix() + "Table<>"
	size := 0
	for _, bits := range k.table {
		for range m.repeated() {
			fmt.Fprintf(&s, "DATA %s+%d(SB)/4, $%#x\n", table, size, bits)
			size += 4
		}
	}
	begin := m.begin()
	if size > 0 {
		fmt.Fprintf(&s, "GLOBL %s(SB), RODATA|NOPTR, $%d\n", table, size)
		begin += m.address(table + "(SB)")
	}
	held := ""
	if len(k.legend) > 0 {
		held = "// held in vector registers: " + strings.Join(k.legend, ", ") + "\n"
	}
	return fmt.Sprintf("\n%s\n// func %s(%s)\n%sTEXT ·%[2]s(SB), NOSPLIT, $0-%[5]d\n%[6]s%[7]s\nnext:\n%[8]s",
		&s, name, signature, held, 7*m.word(), begin, k.code, m.next(k.each))
}

// dispatch is the Go function that calls the kernel of a kind.
func dispatch(machines []machine) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n// function calls the kernel of a kind for rows of n numbers, at least as many as\n// there are lanes; from the end of one to the next are gap bytes.\nfunc function(i isa, k kind, %s) {\n", signature)
	if len(machines) > 1 {
		s.WriteString("if i == avx512 {\n")
	}
	for i, m := range machines {
		if i > 0 {
			s.WriteString("return\n}\n")
		}
		s.WriteString("switch k {\n")
		for _, f := range available(m) {
			fmt.Fprintf(&s, "case %s:\n%[1]s%s(y, x, z, n, p, rows, gap)\n", f.name, m.suffix())
		}
		s.WriteString("}\n")
	}
	s.WriteString("}\n")
	return s.String()
}

// plainFile is the kinds, and the formulas in Go.
func plainFile() []byte {
	var kinds, cases strings.Builder
	for _, f := range formulas() {
		fmt.Fprintf(&kinds, "%s\n", f.name)
		switch loop := "for i, a := range x {\n"; {
		case f.pair:
			fmt.Fprintf(&cases, "case %s:\nz = z[:len(x)]\n%sb := z[i]\n", f.name, loop)
		case f.each:
			fmt.Fprintf(&cases, "case %s:\nb := z[0]\n%s", f.name, loop)
		default:
			fmt.Fprintf(&cases, "case %s:\n%s", f.name, loop)
		}
		fmt.Fprintf(&cases, "%s}\n", plain(f))
	}
	return formatted([]byte(fmt.Sprintf(`%spackage f32

import "math"

// kind is a formula that there are kernels for.
type kind uint8

const (
identity kind = iota
%s
)

// functionGo is the formulas in plain Go.
func functionGo(k kind, y, x, z []float32, p *[4]float32) {
y = y[:len(x)]
p0, p1, p2, p3 := p[0], p[1], p[2], p[3]
switch k {
%s}
}
`, header, &kinds, &cases)))
}
