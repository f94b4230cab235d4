#!/bin/sh
# Counts instructions per multiply-add of each kernel on arm and arm64, by qemu:
# the difference between a long and a short run, so that the start does not count.
# Then those of weights in each format, on arm64 with the processors of a Pi 3 and a Pi 5.
# Needs gcc, qemu-user and go. Run it in model/internal/f32.
set -e
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -shared -fPIC -O2 -o "$dir/insn.so" testdata/insn/insn.c
for target in "arm 7 qemu-arm" "arm64 v8.0 qemu-aarch64"; do
	set -- $target
	if [ "$1" = arm ]; then export GOARM=$2; fi
	GOARCH=$1 go test -c -o "$dir/f32.test" .
	emulator=$3
	count() { # kernel, format, what it is called
		case $1 in batch) frames=8 ;; mul) frames=48 ;; *) frames=1 ;; esac
		run() {
			F32_KERNEL=$1 F32_FORMAT=$2 F32_TIMES=$3 GOGC=off "$emulator" -plugin "$dir/insn.so" "$dir/f32.test" \
				-test.run 'TestInstructions$' 2>&1 | awk '/^insns/ {print $2}'
		}
		awk -v a="$(run "$1" "$2" 20)" -v b="$(run "$1" "$2" 220)" -v f=$frames -v what="$3" \
			'BEGIN { printf "%-36s %.3f instructions per multiply-add\n", what, (b-a) / (200*256*256*f) }'
	}
	for kernel in naive go affine batch mul; do count $kernel float32 "$1 $kernel"; done
done
for cpu in cortex-a53 cortex-a76; do
	export QEMU_CPU=$cpu
	for kernel in affine mul; do
		for format in float32 float16 int8 float16-arithmetic; do
			[ $cpu$format = cortex-a53float16-arithmetic ] || count $kernel $format "$cpu $kernel $format"
		done
	done
done
