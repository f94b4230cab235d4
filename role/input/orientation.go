package input

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// orientation is what the EXIF data of a file say of how the camera was held: 1 to 8, as Pillow's exif_transpose reads
// it; 1 where they say nothing.
func orientation(file []byte, format string) int {
	kind, known := map[string]imagemeta.ImageFormat{"jpeg": imagemeta.JPEG, "png": imagemeta.PNG, "webp": imagemeta.WebP}[format]
	if !known {
		return 1
	}
	turned := 1
	_, _ = imagemeta.Decode(imagemeta.Options{ // damaged data say nothing
		R: bytes.NewReader(file), ImageFormat: kind, Sources: imagemeta.EXIF,
		Warnf:           func(string, ...any) {},
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, is := tag.Value.(uint16); is && n >= 1 && n <= 8 {
				turned = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return turned
}

// upright turns and mirrors a picture such that its top is up. EXIF 2.32, 4.6.4 A, Orientation.
func upright(r raster, orientation int) raster {
	if orientation <= 1 || orientation > 8 {
		return r
	}
	to := raster{r.width, r.height, r.channels, make([]uint8, len(r.pix))}
	if orientation >= 5 { // its rows are columns
		to.width, to.height = r.height, r.width
	}
	for y := range to.height {
		for x := range to.width {
			u, v := x, y // where the pixel was
			if orientation >= 5 {
				u, v = y, x
			}
			switch orientation {
			case 2, 3, 7, 8:
				u = r.width - 1 - u
			}
			switch orientation {
			case 3, 4, 6, 7:
				v = r.height - 1 - v
			}
			n := r.channels
			copy(to.pix[(y*to.width+x)*n:][:n], r.pix[(v*r.width+u)*n:][:n])
		}
	}
	return to
}
