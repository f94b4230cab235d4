package f32

import "syscall"

const hugePage = 2 << 20

// huge asks for huge pages for memory that begins on one, as far as it fills
// them: streaming 16 MB of weights through 4 KB pages costs a tenth of the time
// in address translation. A kernel that has none says so, and no harm is done.
func huge(bytes []byte) {
	const (
		adviseHugePage = 14 // for what is touched from now on
		adviseCollapse = 25 // at once, where the first is switched off
	)
	bytes = bytes[:len(bytes)/hugePage*hugePage]
	_ = syscall.Madvise(bytes, adviseHugePage)
	_ = syscall.Madvise(bytes, adviseCollapse)
}
