package f32

import "fmt"

// Columns is the right-hand matrix of a product. Mul asks for it piece by
// piece, so it need not exist in memory: a convolution gathers its patches here.
type Columns interface {
	// Pack writes rows [row, row+rows) of columns [col, col+cols) to dst, row
	// after row, each `width` entries from the last. Where there are more than
	// `width` columns, that many make a tile, and tile follows tile. What lies
	// behind the last columns is never used. dst goes on for at least another
	// width, which may be written as well.
	Pack(dst []float32, width, row, rows, col, cols int)
}

// RowMajor is a matrix in memory, its rows Stride apart.
type RowMajor struct {
	Data   []float32
	Stride int
}

var _ Columns = (*RowMajor)(nil)

func (b *RowMajor) Pack(dst []float32, width, row, rows, col, cols int) {
	if rows == 0 {
		return
	}
	done, i := 0, packs(width)
	if tiles := cols / width; tiles > 0 && i != portable {
		done = tiles * width
		src := b.Data[row*b.Stride+col:][:(rows-1)*b.Stride+done]
		pack(i, &dst[:rows*done][0], &src[0], rows*width, b.Stride, rows, tiles)
	}
	for ; done < cols; done += width {
		CopyRows(dst[rows*done:], width, b.Data[row*b.Stride+col+done:], b.Stride, rows, min(width, cols-done))
	}
}

// block is what a product has at hand of B: rows [row, row+rows) of columns
// [col, col+cols), tile after tile, or where they lie themselves.
type block struct {
	p         *Product
	there     *RowMajor // nil: B is packed
	packed    []float32
	row, rows int
	col, cols int
	onto      []float32 // what is added up with the product from the beginning, laid out as C; nil: nothing
	clamp     Clamp     // of the last round

	ahead ahead

	room    []float32 // for weights that are stored otherwise than as float32
	weights []float32 // for these rows of B, from panel first on, pitch apart
	first   int
	pitch   int
}

// begun is what the sums of this round go on from, laid out as C; nil: nothing.
func (b *block) begun() []float32 {
	if b.row > 0 {
		return b.p.C
	}
	return b.onto
}

// bias is what the first round adds.
func (b *block) bias() []float32 {
	if b.row > 0 {
		return nil
	}
	return b.p.Bias
}

// ahead is the piece of B that is packed next, where B is in memory. A kernel fetches
// some of its rows before each strip, so that packing does not wait for memory.
type ahead struct {
	data         []float32
	rows, stride int
}

// next is the piece that follows a block in MulPart's order; none follows the last one.
func (m *Matrix) next(b *block, depth, width, right int) ahead {
	row, col := b.row+depth, b.col
	if row >= m.cols {
		row, col = 0, col+width
	}
	in, ok := b.p.B.(*RowMajor)
	if !ok || b.there != nil || col >= right {
		return ahead{}
	}
	return ahead{in.Data[row*in.Stride+col:], min(depth, m.cols-row), in.Stride}
}

// inPlace is B itself where it is in memory and has so few rows of C to serve
// that it is not worth packing, or its rows are as near to one another as packed ones.
func (m *Matrix) inPlace(b Columns, from, to int) *RowMajor {
	there, ok := b.(*RowMajor)
	if !ok || m.isa == portable || (to-from)*m.width > shapes[m.isa].unpacked && there.Stride > shapes[m.isa].tileCols {
		return nil
	}
	if need := (m.cols-1)*there.Stride + 1; len(there.Data) < need {
		panic(fmt.Sprintf("f32: B of %d entries, rows %d apart, %d needed", len(there.Data), there.Stride, need))
	}
	return there
}

// gather packs the tiles of a block that are not used where they are.
func (m *Matrix) gather(b *block) {
	for t := 0; t < b.cols; {
		wide, used := m.tileWidth(b.cols - t)
		cols := max(used, (b.cols-t)/wide*wide) // all tiles of that width
		if !b.lies(wide, used) {
			b.p.B.Pack(b.packed[t*b.rows:], wide, b.row, b.rows, b.col+t, cols)
		}
		t += cols
	}
}

// lies says that a tile is used where it lies.
func (b *block) lies(wide, used int) bool { return b.there != nil && used == wide && wide > 1 }

// tile is the tile of a block from its column t on, and the distance between
// its rows.
func (b *block) tile(t, wide, used int) (data []float32, stride int) {
	if !b.lies(wide, used) {
		return b.packed[t*b.rows : (t+wide)*b.rows], wide
	}
	at := b.row*b.there.Stride + b.col + t
	return b.there.Data[at : at+(b.rows-1)*b.there.Stride+wide], b.there.Stride
}
