package f32

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestIssue models how a Cortex-A53, the in-order core of most Pis, issues the
// inner loops, and keeps them from taking more cycles unseen. It says nothing of
// caches and memory.
//
//   - Two instructions a cycle are issued, in order, at most one of them on vectors
//     of 128 bits, one load and one branch.
//   - A 128-bit load takes two cycles, each register of it, and nothing is issued
//     beside it; a 64-bit load goes with a product. What is loaded may be used in
//     the third cycle after that.
//   - A product may be added to after four cycles and used otherwise after eight.
func TestIssue(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil || testing.Short() {
		t.Skip("needs the go command and some seconds")
	}
	for _, test := range []struct {
		file, kernel string
		loop         int // of its innermost loops, the first one is 0
		cycles       int // of a round: no more than it takes now
	}{
		{"tile_arm64.s", "strips12NEON", 0, 545},
		{"tile_arm64.s", "strips12NEON", 1, 28}, // of an A53
		{"tile_arm64.s", "strips4NEON", 0, 209},
		{"tile_arm64.s", "strips4NEON", 1, 53},
		{"affine_arm64.s", "affineNEON", 0, 52},
	} {
		loops := innermost(assemble(t, test.file)[test.kernel])
		if test.loop >= len(loops) {
			t.Fatalf("%s has %d innermost loops", test.kernel, len(loops))
		}
		loop := loops[test.loop]
		products := 0
		for _, i := range loop {
			if strings.HasPrefix(i.name, "VFMLA") {
				products++
			}
		}
		cycles := issue(loop)
		t.Logf("%s: %d products of four in %d instructions (%.3f each) and %d cycles of the model (%.0f %% of its peak)", test.kernel,
			products, len(loop), float64(len(loop))/float64(products), cycles, 100*float64(products)/float64(cycles))
		if cycles > test.cycles {
			t.Errorf("%s takes %d cycles a round, it was %d", test.kernel, cycles, test.cycles)
		}
	}
}

// instruction is a line of go tool objdump.
type instruction struct {
	name     string
	operands string
	jump     int // of a branch, in instructions
}

var (
	listed   = regexp.MustCompile(`^\s+\S+:\d+\s+0x[0-9a-f]+\s+[0-9a-f]{8}\s+(\S+)\s*(.*?)\s*$`)
	branch   = regexp.MustCompile(`(-?\d+)\(PC\)`)
	register = regexp.MustCompile(`\b[FV](\d+)`)
)

// assemble is the code of a file for arm64, by function.
func assemble(t *testing.T, file string) map[string][]instruction {
	t.Helper()
	folder := t.TempDir()
	fields, header := reflect.TypeFor[strips](), ""
	for i := range fields.NumField() { // as the compiler writes it for 64 bits
		f := fields.Field(i)
		header += fmt.Sprintf("#define strips_%s %d\n", f.Name, f.Offset)
	}
	if err := os.WriteFile(filepath.Join(folder, "go_asm.h"), []byte(header), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		c := exec.Command("go", args...)
		c.Env = append(os.Environ(), "GOARCH=arm64", "GOOS=linux")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	include := filepath.Join(strings.TrimSpace(run("env", "GOROOT")), "pkg", "include")
	object := filepath.Join(folder, "code.o")
	run("tool", "asm", "-p", "f32", "-I", folder, "-I", include, "-D", "GOOS_linux", "-D", "GOARCH_arm64", "-o", object, file)
	code, name := map[string][]instruction{}, ""
	for line := range strings.Lines(run("tool", "objdump", object)) {
		if f, ok := strings.CutPrefix(line, "TEXT "); ok {
			name, _, _ = strings.Cut(f[strings.LastIndexAny(f[:strings.IndexAny(f, "(")], "/.")+1:], "(")
		}
		if m := listed.FindStringSubmatch(line); m != nil {
			i := instruction{name: m[1], operands: m[2]}
			if b := branch.FindStringSubmatch(m[2]); b != nil && strings.HasPrefix(m[1], "B") {
				i.jump, _ = strconv.Atoi(b[1])
			}
			code[name] = append(code[name], i)
		}
	}
	return code
}

// innermost are the loops of a function in which there is no other.
func innermost(code []instruction) (loops [][]instruction) {
	end := 0 // of the loop before
	for at, i := range code {
		if i.jump < 0 && at+i.jump >= end {
			loops, end = append(loops, code[at+i.jump:at+1]), at+1
		}
	}
	return loops
}

// issue is how many cycles a round of a loop takes once it goes on and on.
func issue(loop []instruction) int {
	var core inOrder
	began := 0
	for range 4 {
		began = core.now
		for _, i := range loop {
			core.issue(i)
		}
	}
	return core.now - began
}

// inOrder is the state of the model.
type inOrder struct {
	now     int
	issued  int     // in this cycle
	busy    [3]bool // vectors, loads, branches: taken in this cycle
	ready   [32]int // when a register may be used
	addable [32]int // when it may be added to
}

func (c *inOrder) issue(i instruction) {
	numbers := []int{}
	for _, m := range register.FindAllStringSubmatch(i.operands, -1) {
		n, _ := strconv.Atoi(m[1])
		numbers = append(numbers, n)
	}
	load := strings.HasPrefix(i.name, "VLD") || len(numbers) > 0 && (strings.HasPrefix(i.name, "FMOV") || strings.HasPrefix(i.name, "FLDP"))
	switch {
	case load:
		wide := !strings.HasPrefix(i.name, "FMOVD") && !strings.HasPrefix(i.name, "FMOVS")
		if !wide {
			c.slot(1)
			c.ready[numbers[0]] = c.now + 3
			break
		}
		if c.issued > 0 {
			c.next()
		}
		c.now += 2*len(numbers) - 1
		for _, n := range numbers {
			c.ready[n] = c.now + 3
			c.addable[n] = c.ready[n]
		}
		c.next()
	case strings.HasPrefix(i.name, "VFMLA"):
		to := numbers[len(numbers)-1]
		for _, n := range numbers[:len(numbers)-1] {
			c.wait(c.ready[n])
		}
		c.wait(c.addable[to])
		c.slot(0)
		c.addable[to], c.ready[to] = c.now+4, c.now+8
	case len(numbers) > 0:
		for _, n := range numbers {
			c.wait(c.ready[n])
		}
		c.slot(0)
		to := slices.Max(numbers[len(numbers)-1:])
		c.addable[to], c.ready[to] = c.now+4, c.now+4
	case strings.HasPrefix(i.name, "B"):
		c.slot(2)
	case strings.HasPrefix(i.name, "PRFM"), i.name == "MOVD" && strings.Contains(i.operands, "("):
		c.slot(1)
	default:
		c.slot(-1)
	}
}

func (c *inOrder) wait(until int) {
	for c.now < until {
		c.next()
	}
}

func (c *inOrder) next() { c.now, c.issued, c.busy = c.now+1, 0, [3]bool{} }

// slot issues on one of the units, or on none of them in particular.
func (c *inOrder) slot(unit int) {
	if c.issued == 2 || unit >= 0 && c.busy[unit] {
		c.next()
	}
	c.issued++
	if unit >= 0 {
		c.busy[unit] = true
	}
}
