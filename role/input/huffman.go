package input

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"slices"
)

// Markers of a JPEG file: ITU-T T.81, table B.1.
const (
	mark = 0xff
	soi  = 0xd8 // start of image
	eoi  = 0xd9 // end of image
	sos  = 0xda // start of scan
	dht  = 0xc4 // Huffman tables
)

// withHuffman returns a JPEG file that has Huffman tables. Most USB cameras leave them out, as AVI's MJPG does: then those
// of the standard apply.
func withHuffman(file []byte) []byte {
	if _, segment := segmentOf(file, dht); segment != nil {
		return file
	}
	at, scan := segmentOf(file, sos)
	if scan == nil {
		return file
	}
	return slices.Concat(file[:at], standardTables, file[at:])
}

// segmentOf finds the first segment of a kind before the scans end, and where it begins; nil: there is none.
func segmentOf(file []byte, kind byte) (at int, segment []byte) {
	for at = 2; at+4 <= len(file) && file[at] == mark; {
		end := at + 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		switch found := file[at+1]; {
		case found == mark: // a byte that fills
			end = at + 1
		case found == kind && end <= len(file):
			return at, file[at:end]
		case found == sos:
			return 0, nil
		}
		at = end
	}
	return 0, nil
}

// standardTables is a segment of the tables K.3 to K.6 of the standard, which Go's encoder uses and writes.
var standardTables = func() []byte {
	var file bytes.Buffer
	_ = jpeg.Encode(&file, image.NewYCbCr(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio420), nil) // a buffer takes all
	_, segment := segmentOf(file.Bytes(), dht)
	return segment
}()
