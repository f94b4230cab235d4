package f32

// isa is an instruction set the package has kernels for.
type isa uint8

const (
	portable isa = iota // plain Go
	avx2
	avx512
	neon64
	neon32
	isaCount
)

func (i isa) String() string {
	return [...]string{"go", "avx2", "avx512", "neon64", "neon32"}[i]
}

// ISA names the instruction set that New and Pack prepare for on this machine.
func ISA() string { return native.String() }

// native is the best instruction set of this machine.
var native = supported()[0]

// shapes says how the kernels of each instruction set cut up their work.
var shapes = [isaCount]struct {
	width      int // rows of a panel
	frames     int // frames of the widest batch kernel
	tileRows   int // the matrix product's tile
	tileCols   int
	narrowRows int // the tile for the last columns
	narrow     int
	depth      int // columns of W in one round of the matrix product
	tiles      int // tiles of B at a time
	group      int // panels of W at a time
	unpacked   int // up to how many rows of C read B where it is
}{
	portable: {width: 4, frames: 1, tileRows: 4, tileCols: 4, narrowRows: 4, narrow: 4, depth: 256, tiles: 32, group: 64},
	avx2:     {width: 16, frames: 4, tileRows: 4, tileCols: 24, narrowRows: 4, narrow: 8, depth: 256, tiles: 8, group: 16, unpacked: 32},
	avx512:   {width: 32, frames: 8, tileRows: 8, tileCols: 48, narrowRows: 8, narrow: 16, depth: 256, tiles: 8, group: 8, unpacked: 32},
	neon64:   {width: 16, frames: 4, tileRows: 8, tileCols: 12, narrowRows: 16, narrow: 4, depth: 256, tiles: 8, group: 8, unpacked: 64},
	neon32:   {width: 8, frames: 4, tileRows: 4, tileCols: 8, narrowRows: 4, narrow: 8, depth: 256, tiles: 12, group: 16, unpacked: 32},
}

// The largest of the above, for buffers on the stack.
const (
	maxWidth  = 32
	maxNarrow = 8 * 16
)

// smallSet says how the kernels of an instruction set take weights in fewer bits.
type smallSet struct {
	expand   bool // as float32s, in memory
	direct   bool // as float32s, times a vector
	integers bool // bytes, times a vector of integers
}
