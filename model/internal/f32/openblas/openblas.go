//go:build openblas

// Package openblas lets benchmarks compare with Debian's libopenblas-dev. Only
// the build tag openblas compiles it; nothing that is shipped needs cgo.
package openblas

// #cgo LDFLAGS: -lopenblas
// #include <string.h>
// #include <cblas-openblas.h>
//
// static void affine(int rows, int cols, const float *w, const float *x, const float *bias, float *y) {
//	memcpy(y, bias, rows * sizeof(float));
//	cblas_sgemv(CblasRowMajor, CblasNoTrans, rows, cols, 1, w, cols, x, 1, 1, y, 1);
// }
import "C"

// Threads sets how many threads a call may use.
func Threads(n int) { C.openblas_set_num_threads(C.int(n)) }

// Config says which kernels OpenBLAS chose.
func Config() string {
	return C.GoString(C.openblas_get_config()) + " " + C.GoString(C.openblas_get_corename())
}

// Affine is y = W x + bias: a copy of the bias, then sgemv.
func Affine(rows, cols int, w, x, bias, y []float32) {
	C.affine(C.int(rows), C.int(cols), (*C.float)(&w[0]), (*C.float)(&x[0]), (*C.float)(&bias[0]), (*C.float)(&y[0]))
}

// Batch is Y = X Wᵀ: n frames of cols entries one after the other, no bias.
func Batch(n, rows, cols int, w, x, y []float32) {
	C.cblas_sgemm(C.CblasRowMajor, C.CblasNoTrans, C.CblasTrans, C.int(n), C.int(rows), C.int(cols),
		1, (*C.float)(&x[0]), C.int(cols), (*C.float)(&w[0]), C.int(cols), 0, (*C.float)(&y[0]), C.int(rows))
}

// Product is C = W B, all row-major and dense, no bias.
func Product(rows, cols, n int, w, b, c []float32) {
	C.cblas_sgemm(C.CblasRowMajor, C.CblasNoTrans, C.CblasNoTrans, C.int(rows), C.int(n), C.int(cols),
		1, (*C.float)(&w[0]), C.int(cols), (*C.float)(&b[0]), C.int(n), 0, (*C.float)(&c[0]), C.int(n))
}
