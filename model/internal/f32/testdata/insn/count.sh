#!/bin/sh
# Counts instructions per multiply-add of each kernel on arm and arm64, by qemu:
# the difference between a long and a short run, so that the start does not count.
# Needs gcc, qemu-user and go. Run it in model/internal/f32.
set -e
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -shared -fPIC -O2 -o "$dir/insn.so" testdata/insn/insn.c
for target in "arm 7 qemu-arm" "arm64 v8.0 qemu-aarch64"; do
	set -- $target
	if [ "$1" = arm ]; then export GOARM=$2; fi
	GOARCH=$1 go test -c -o "$dir/f32.test" .
	for kernel in naive go affine batch mul; do
		case $kernel in batch) frames=8 ;; mul) frames=48 ;; *) frames=1 ;; esac
		run() {
			F32_KERNEL=$kernel F32_TIMES=$1 GOGC=off "$emulator" -plugin "$dir/insn.so" "$dir/f32.test" \
				-test.run 'TestInstructions$' 2>&1 | awk '/^insns/ {print $2}'
		}
		emulator=$3
		short=$(run 20)
		long=$(run 220)
		awk -v a="$short" -v b="$long" -v f=$frames -v what="$1 $kernel" \
			'BEGIN { printf "%-14s %.3f instructions per multiply-add\n", what, (b-a) / (200*256*256*f) }'
	done
done
