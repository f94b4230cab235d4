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

// available are the instruction sets of this machine, native is the best of them.
var (
	available = supported()
	native    = available[0]
)

// packs is the instruction set whose tile is so wide, of those that are available:
// its kernels pack for it. portable: none.
func packs(width int) isa {
	for _, i := range available {
		if shapes[i].tileCols == width {
			return i
		}
	}
	return portable
}

// gathers is the instruction set of which a tile is so wide and has a kernel that
// gathers its columns. portable: none.
func gathers(width int) isa {
	for _, i := range available {
		s := &shapes[i]
		if s.tileCols == width || gathersAll && (s.narrow == width || s.middle == width) {
			return i
		}
	}
	return portable
}

// shapes says how the kernels of each instruction set cut up their work.
var shapes = [isaCount]struct {
	width      int // rows of a panel
	together   int // panels that the kernel for one vector reads at a time
	frames     int // frames of the widest batch kernel
	pass       int // frames that go through the weights together
	tileRows   int // the matrix product's tile
	tileCols   int
	narrowRows int // the narrow tile for the last columns
	narrow     int
	middle     int  // a tile between both; 0: there is none
	depth      int  // columns of W in one round of the matrix product
	tiles      int  // tiles of B at a time
	group      int  // panels of W at a time
	reread     int  // up to how many weights are read anew for each tile
	unpacked   int  // up to how many rows of C read B where it is
	onto       bool // the tile can begin with another tensor's numbers
	fetches    bool // the tile fetches what of B is packed next, where that was measured to pay
}{
	portable: {width: 4, together: 1, frames: 1, pass: 64, tileRows: 4, tileCols: 4, narrowRows: 4, narrow: 4, depth: 256, tiles: 32, group: 64, reread: 1 << 20},
	avx2:     {width: 16, together: 4, frames: 6, pass: maxFrames, tileRows: 4, tileCols: 24, narrowRows: 4, narrow: 8, depth: 160, tiles: 8, group: 16, unpacked: 32, onto: true, fetches: true},
	avx512:   {width: 32, together: 4, frames: 8, pass: maxFrames, tileRows: 8, tileCols: 48, narrowRows: 16, narrow: 16, middle: 32, depth: 128, tiles: 8, group: 8, unpacked: 32},
	neon64:   {width: 16, together: 1, frames: 4, pass: 64, tileRows: 8, tileCols: 12, narrowRows: 16, narrow: 4, depth: 256, tiles: 8, group: 8, reread: 32 << 10, unpacked: 64},
	neon32:   {width: 12, together: 1, frames: 4, pass: 64, tileRows: 6, tileCols: 8, narrowRows: 6, narrow: 8, depth: 256, tiles: 12, group: 10, reread: 32 << 10, unpacked: 48},
}

// The largest of the above, for buffers on the stack.
const (
	maxWidth  = 32
	maxNarrow = 16 * 4
)

// reducedSet says how the kernels of an instruction set take weights in fewer bits.
type reducedSet struct {
	expand   bool // as float32s, in memory
	direct   bool // as float32s, times a vector
	integers bool // bytes, times a vector of integers

	halves, bytes int // panels that there are kernels for to read together, times a vector; 0: there are none
}
