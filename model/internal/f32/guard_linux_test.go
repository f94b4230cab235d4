package f32

import (
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// fence hands out slices that touch a page which must not be touched, either
// right behind the last entry or right before the first.
//
//	[no access][... s][no access]        [no access][s ...][no access]
type fence struct {
	t      testing.TB
	r      *rand.Rand
	front  bool
	mapped [][]byte
}

// spare are memories between two pages that must not be touched, by their size: most slices are short, and to map memory takes
// longer than what they are used for.
var spare = struct {
	sync.Mutex
	of map[int][][]byte
}{of: make(map[int][][]byte)}

// mostSpare is the size in bytes of the largest that is kept.
const mostSpare = 1 << 16

// memory is so much memory, in whole pages, between two pages that must not be touched.
func (f *fence) memory(size int) []byte {
	spare.Lock()
	defer spare.Unlock()
	page := syscall.Getpagesize()
	if free := spare.of[size]; len(free) > 0 {
		mem := free[len(free)-1]
		spare.of[size] = free[:len(free)-1]
		f.mapped = append(f.mapped, mem)
		return mem[page : page+size]
	}
	mem, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mapped = append(f.mapped, mem)
	inner := mem[page : page+size]
	if err := syscall.Mprotect(inner, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		f.t.Fatal(err)
	}
	return inner
}

func (f *fence) slice(n int) []float32 {
	if n == 0 {
		return nil
	}
	page := syscall.Getpagesize()
	size := (4*n + page - 1) / page * page
	inner := f.memory(size)
	if !f.front {
		inner = inner[size-4*n:]
	}
	s := unsafe.Slice((*float32)(unsafe.Pointer(&inner[0])), n)
	for i := range s {
		s[i] = 2*f.r.Float32() - 1
	}
	return s
}

func (f *fence) slices(count, n int) [][]float32 {
	s := make([][]float32, count)
	for i := range s {
		s[i] = f.slice(n)
	}
	return s
}

func (f *fence) done() {
	spare.Lock()
	defer spare.Unlock()
	for _, m := range f.mapped {
		if size := len(m) - 2*syscall.Getpagesize(); size <= mostSpare {
			spare.of[size] = append(spare.of[size], m)
		} else if err := syscall.Munmap(m); err != nil {
			f.t.Fatal(err)
		}
	}
}

// fenced runs every product of one shape on fenced memory, weights included,
// and compares the results.
func fenced(t *testing.T, i isa, rows, cols, n, count int, seed uint64, front bool) {
	f := &fence{t: t, r: rand.New(rand.NewPCG(seed, 1)), front: front}
	defer f.done()
	w, bias, c := random(f.r, rows*cols), f.slice(rows), drawClamp(f.r)
	if f.r.IntN(3) == 0 {
		bias = nil
	}
	m := packFor(i, rows, cols, w)
	data := f.slice(len(m.data))
	copy(data, m.data)
	m.data = data
	row := func(r int) []float32 { return w[r*cols : (r+1)*cols] }

	x, y := f.slices(count, cols), f.slices(count, rows)
	m.AffineBatch(y, x, bias, c)
	for k := range x {
		single := f.slice(rows)
		m.Affine(single, x[k], bias, c)
		for r := range rows {
			want, scale := reference(row(r), func(j int) float32 { return x[k][j] }, bias, r, c)
			near(t, y[k][r], want, scale, "%v %d×%d: frame %d of %d, row %d", i, rows, cols, k, count, r)
			near(t, single[r], want, scale, "%v %d×%d: row %d", i, rows, cols, r)
		}
	}

	b := &RowMajor{Stride: n + f.r.IntN(3)}
	p := &Product{Ldc: n + f.r.IntN(3), B: b, N: n, Bias: bias, Clamp: c}
	if cols > 0 && n > 0 {
		b.Data = f.slice((cols-1)*b.Stride + n)
	}
	if rows > 0 && n > 0 {
		p.C = f.slice((rows-1)*p.Ldc + n)
	}
	m.Mul(p, f.slice(m.Scratch(n)))
	for r := range rows {
		for j := range n {
			want, scale := reference(row(r), func(k int) float32 { return b.Data[k*b.Stride+j] }, bias, r, c)
			near(t, p.C[r*p.Ldc+j], want, scale, "%v %d×%d·%d: [%d,%d]", i, rows, cols, n, r, j)
		}
	}
}

func TestFenced(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(23, 24))
		for round := range rounds() {
			fenced(t, i, r.IntN(68), r.IntN(68), r.IntN(110), 1+r.IntN(20), r.Uint64(), round%2 == 0)
		}
		fenced(t, i, 40, 600, 500, 9, 1, false) // several rounds of the product, several pieces of the batch
	})
}

// A product of weights in fewer bits touches nothing beyond them, their scales and the
// vectors.
func TestFormatsFenced(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(25, 26))
		for round := range 60 {
			f := &fence{t: t, r: r, front: round%2 == 0}
			rows, cols := 1+r.IntN(68), 1+r.IntN(140)
			m := packFor(i, rows, cols, random(r, rows*cols))
			m.Store([]Format{Float16, Int8}[round/2%2])
			x, y, want := f.slice(cols), f.slice(rows), make([]float32, rows)
			m.Affine(want, x, nil, Linear)
			s := *m.reduced
			if s.half != nil {
				s.half = words(f.slice(len(s.half) / 2))
			} else {
				s.bytes, s.scales = octets(f.slice(len(s.bytes)/4)), f.slice(len(s.scales))
			}
			copy(s.half, m.reduced.half)
			copy(s.bytes, m.reduced.bytes)
			copy(s.scales, m.reduced.scales)
			m.reduced = &s
			if m.Affine(y, x, nil, Linear); !slices.Equal(y, want) {
				t.Errorf("%v %v of %d×%d is another elsewhere in memory", i, s.format, rows, cols)
			}
			f.done()
		}
	})
}

func FuzzProducts(f *testing.F) {
	f.Add(byte(1), uint16(1), uint16(1), byte(1), uint64(1), false)
	f.Add(byte(100), uint16(300), uint16(50), byte(17), uint64(2), true)
	f.Add(byte(3), uint16(0), uint16(0), byte(0), uint64(0), false)
	f.Fuzz(func(t *testing.T, rows byte, cols, n uint16, count byte, seed uint64, front bool) {
		for _, i := range supported() {
			fenced(t, i, int(rows)%140, int(cols)%600, int(n)%450, int(count)%40, seed, front)
		}
	})
}

// Functions and pairs touch nothing beyond their slices, whatever their length.
func TestFunctionsFenced(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		for n := range 70 {
			for front := range 2 {
				f := &fence{t: t, r: rand.New(rand.NewPCG(uint64(n), 3)), front: front == 1}
				for _, c := range claims() {
					c.f.applyFor(i, f.slice(n), f.slice(n))
				}
				for p := range pairs {
					p.applyFor(i, f.slice(n), f.slice(n), f.slice(n), ReLU)
				}
				timesFor(i, f.slice(3*n), f.slice(3*n), f.slice(3), n)
				e := Epilogue{Function: Exp, Pair: Multiply, Other: f.slice(n), Clamp: ReLU6}
				e.rows(i, f.slice(n), 0, 1, n, n)
				f.done()
			}
		}
	})
}
