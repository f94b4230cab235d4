# Recipes for tandem. Without an installed just: npx --yes rust-just@1.57.0 RECIPE

set shell := ["bash", "-euo", "pipefail", "-c"]

staticcheck := "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
version := `git describe --tags --always --dirty 2>/dev/null || echo dev`

[private]
default:
    @just --justfile "{{ justfile() }}" --list --unsorted

# all four roles in one process; flags are passed on, as in: just run --strategy alternate
run *flags:
    go run . {{ flags }}

# all tests that take a moment; flags are passed on, as in: just test -race
test *flags:
    go test {{ flags }} ./...

# those that need processes, a browser or network namespaces, or take minutes: the tests in files that stand under the build tag
# slow, or ask whether there is time for many rounds (long)
test-slow *flags:
    #!/usr/bin/env bash
    set -euo pipefail
    files=$(grep -rlE --include='*_test.go' '^//go:build slow|\[long\]' .)
    names=$(grep -hoE '^func Test\w+' $files | cut -d ' ' -f 2 | sort -u | paste -sd '|')
    go test -tags slow -timeout 1h -parallel 8 -run "^($names)\$" {{ flags }} $(xargs dirname <<<"$files" | sort -u)

# format, vet (assembly too), staticcheck, module files and import arrows. Whatever is for ARM is compiled with -trimpath, as binaries
# are, and so once
lint:
    @files=$(gofmt -l .); test -z "$files" || { printf 'gofmt changes:\n%s\n' "$files" >&2; exit 1; }
    go vet -tags slow ./...
    GOARCH=arm GOARM=7 go vet -trimpath ./model/...
    GOARCH=arm64 go vet -trimpath ./model/...
    go run {{ staticcheck }} -tags slow ./...
    go mod tidy -diff
    go mod verify
    .ci/arrows

# a static stripped binary for Raspberry Pis in dist/: just pi for 64-bit systems, just pi armv7, just pi all
pi architecture="arm64":
    .ci/build {{ if architecture == "all" { "armv6 armv7 arm64" } else { architecture } }}

# archives for Raspberry Pis and laptops in dist/, with checksums: the same source makes the same bytes
dist:
    .ci/dist

# a container image for three architectures, dist/tandem-image.tar, without a daemon: for k3s (sudo k3s ctr images import) and podman load
image: (pi "all")
    go -C .ci/tools run ./image -version {{ version }} -o "$PWD/dist/tandem-image.tar" "$PWD"/dist/tandem-{arm64,armv7,armv6}

# the manifests for Kubernetes decode strictly
manifests:
    go -C .ci/tools vet ./...
    go -C .ci/tools test ./...

# the program's types on macOS and Windows, in a fifth of the time of a build: just dist builds it for them
platforms:
    go -C .ci/tools run ./platforms "$PWD" darwin/arm64 windows/amd64

# a Raspberry Pi in a bottle: its services come back after kill -9 and a power cut. About five minutes; needs root, for Debian's qemu
bottle *folder:
    .ci/pi {{ folder }}

# the 14 published points on this machine, about a minute: a table beside the published figures, and whether they agree
published:
    .ci/published strategy/pictures/published.svg

# all strategies side by side: the README's table at 33.3 frames a second, and the drawing over the offered rate
compare *arguments:
    .ci/compare {{ arguments }}

# every figure of strategy/README.md, in about ten minutes: its tables are printed, and its pictures drawn
figures: published compare wifi

# all strategies over emulated Wi-Fi, in each wire format, about three minutes: a table. The argument is the frames of a run
wifi *frames:
    .ci/wifi {{ frames }}

# the emulated link beside the kernel's, over network namespaces: needs root and iproute2
tbf *rounds:
    .ci/tbf {{ rounds }}

# runs of real processes in network namespaces (as root) that are broken by seeded schedules of 30 s, with every strategy: just chaos 1-50 -strategy balance
chaos seeds="1-50" *flags:
    go test -tags slow ./role/chaos -run 'TestChaos$' -seeds {{ seeds }} -count 1 -timeout 0 -parallel 12 -v {{ flags }}

# the simulation beside runs of random configurations in real time, a few seconds each: needs an idle machine, or root, whose
# threads go before all others
agree runs="20" first="0":
    #!/usr/bin/env bash
    set -euo pipefail
    before=()
    if chrt --rr 1 true 2>/dev/null; then before=(-exec 'chrt --rr 1'); fi
    go test -tags slow ./role -run AgreesInRealTime -configurations {{ runs }} -first {{ first }} -count 1 -parallel 2 -timeout 0 -v "${before[@]}"

# very many frames through a small model, with restarts of each node: accounts, memory, goroutines, descriptors
soak frames="10000000":
    go test -tags slow ./role/chaos -run TestSoak -soak {{ frames }} -count 1 -timeout 0 -v

# benchmarks, three times each; flags are passed on
bench *flags:
    go test -run '^$' -bench . -count 3 {{ flags }} ./...

# the binary for each host's processor, as /usr/local/bin/tandem or ~/tandem; its services start again: just deploy pi@fast pi@slow
deploy +hosts:
    .ci/deploy {{ hosts }}

# instructions that a frame takes on arm64 and armv7, in millions, for networks or folders of them: just count ../shared/models
count *arguments:
    .ci/count {{ arguments }}

# tests as 32-bit and 64-bit ARM code beside each other, under Debian's qemu-user: of model, whose kernels differ, and of pipeline
# and strategy, where an int has 32 bits
test-arm:
    #!/usr/bin/env bash
    set -uo pipefail
    under() { CGO_ENABLED=0 GOARM=7 GOARCH=$2 go test -trimpath -short -timeout 20m -exec "qemu-$1" "${@:3}"; }
    under arm arm ./model/... ./pipeline/... ./strategy/... &
    under aarch64 arm64 ./model/... &
    failed=0
    for _ in arm aarch64; do wait -n || failed=1; done
    exit $failed

# the wire's Go code from transport/tandem.proto
generate:
    go generate ./transport
