// Package f32 multiplies float32 weight matrices with vectors and matrices as
// fast as the device allows: AVX-512 or AVX2 with FMA on amd64, NEON on arm64
// and armv7, plain Go everywhere else.
//
// A Matrix holds the weights of one layer, W (rows×cols, "out×in"), copied once
// at load into panels of R rows; within a panel the columns follow one another:
//
//	             col 0        col 1              col cols-1
//	panel 0   [r0 r1 ..]   [r0 r1 ..]   ....   [r0 r1 ..]      R = 32 AVX-512
//	panel 1   [rR r+1..]   [rR r+1..]   ....   [rR r+1..]          16 AVX2, arm64
//	  ...                                                          12 armv7
//	panel P-1 [.. 0 0  ]   [.. 0 0  ]   ....   [.. 0 0  ]           4 Go
//	               └ rows beyond the last are zero
//
// One layout serves the three uses, and each reads it front to back:
//
//	Affine       y = W x + b       a column of weights times one broadcast x[k]
//	AffineBatch  the same for      a column of weights times x[k] of up to 8
//	             several frames    frames, so the weights are read once
//	Mul          C = W B + b       a few weights of a column broadcast, times a
//	                               row of B: the tile C[4..16 rows][4..48 columns]
//
// All of them add the bias and bound the result (see Clamp) before it is
// written. None allocates. Assembly stops neither for the scheduler nor for the
// garbage collector, so one call reads at most 1 MB of weights, on ARM 256 KB. A
// Matrix may hold them in fewer bits than a float32 has, see Format, and Mul multiply
// in half precision where the processor can.
//
// What comes behind, such as a SiLU or a residual sum, is an Epilogue, which a
// product calls for a block of C that is complete and still in the cache. The
// functions of one number and of two that it is made of (Function, Pair) are
// formulas in package asm, from which the kernels of all processors are made.
//
// A Winograd has a Matrix for each element of a convolution's tiles. Where there is
// too little to multiply for a Matrix, Filters (the few outputs of a group) and a
// Window (one plane: depthwise convolutions, pools) read the planes where they lie.
//
// Team splits one product over several threads.
package f32
