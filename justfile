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

# all tests; flags are passed on, as in: just test -race
test *flags:
    go test {{ flags }} ./...

# format, vet (assembly too), staticcheck, module files and import arrows
lint:
    @files=$(gofmt -l .); test -z "$files" || { printf 'gofmt changes:\n%s\n' "$files" >&2; exit 1; }
    go vet ./...
    GOARCH=arm GOARM=7 go vet ./model/...
    GOARCH=arm64 go vet ./model/...
    go run {{ staticcheck }} ./...
    go mod tidy -diff
    go mod verify
    .ci/arrows

# Packages that do nothing while frames pass, or only wait for what does: inlining in them would be 1.9 MB of each
# binary. Those on a frame's way (net/http, protobuf's own coding, the kernels) keep it.
cold := (
    "gorgonia.org/... gonum.org/... github.com/..." +
    " google.golang.org/protobuf/types/... google.golang.org/protobuf/reflect/... google.golang.org/protobuf/encoding/..." +
    " google.golang.org/protobuf/internal/descfmt google.golang.org/protobuf/internal/encoding/..." +
    " google.golang.org/protobuf/internal/filedesc google.golang.org/protobuf/internal/filetype google.golang.org/protobuf/internal/strs" +
    " crypto/... vendor/golang.org/x/crypto/... vendor/golang.org/x/text/... encoding/asn1 encoding/gob fmt go/... log/... math/big" +
    " reflect regexp/... text/... encoding/json net net/netip net/url mime/... os os/... path/... vendor/golang.org/x/net/... golang.org/x/..." +
    " connectrpc.com/... codeberg.org/... runtime/pprof compress/... encoding/csv encoding/hex encoding/pem strconv sort" +
    " tandem tandem/role/...")

# static stripped binaries for Raspberry Pis into dist/
pi: (binary "arm" "6" "armv6") (binary "arm" "7" "armv7") (binary "arm64" "" "arm64")

# The linker begins the parts of a 32-bit ARM binary at multiples of 64 KB; no kernel for Pis has pages above 16 KB.
[private]
binary arch arm name:
    CGO_ENABLED=0 GOOS=linux GOARCH={{ arch }} GOARM={{ arm }} go build -trimpath -tags urfave_cli_no_docs $(printf -- '-gcflags=%s=-l ' {{ cold }}) -gcflags=github.com/HdrHistogram/...= -ldflags "-s -w {{ if arch == "arm" { "-R 0x4000" } else { "" } }} -X main.version={{ version }}" -o dist/tandem-{{ name }} .

# the 14 published points on this machine, about a minute: a table beside the published figures, and whether they agree
published:
    .ci/published strategy/pictures/published.svg

# all strategies side by side: the README's table at 33.3 frames a second, and the drawing over the offered rate
compare *arguments:
    .ci/compare {{ arguments }}

# all strategies over emulated Wi-Fi, in each wire format, about three minutes: a table. The argument is the frames of a run
wifi *frames:
    .ci/wifi {{ frames }}

# the emulated link beside the kernel's, over network namespaces: needs root and iproute2
tbf *rounds:
    .ci/tbf {{ rounds }}

# runs of real processes in network namespaces (as root) that are broken by seeded schedules of 30 s, with every strategy: just chaos 1-50 -strategy balance
chaos seeds="1-50" *flags:
    go test ./role/chaos -run 'TestChaos$' -seeds {{ seeds }} -count 1 -timeout 0 -parallel 12 -v {{ flags }}

# very many frames through a small model, with restarts of each node: accounts, memory, goroutines, descriptors
soak frames="10000000":
    go test ./role/chaos -run TestSoak -soak {{ frames }} -count 1 -timeout 0 -v

# benchmarks, three times each; flags are passed on
bench *flags:
    go test -run '^$' -bench . -count 3 {{ flags }} ./...

# the binary for each host's processor, as /usr/local/bin/tandem or ~/tandem: just deploy pi@fast pi@slow
deploy +hosts: pi
    #!/usr/bin/env bash
    set -euo pipefail
    for host in {{ hosts }}; do
        machine=$(ssh "$host" uname -m)
        case $machine in
            armv6l) name=armv6 ;;
            armv7l) name=armv7 ;;
            armv8l) name=armv7 ;; # a 32-bit system on a 64-bit processor
            aarch64) name=arm64 ;;
            *) echo "$host is a $machine: there are binaries for armv6l, armv7l and aarch64" >&2; exit 1 ;;
        esac
        scp -q "dist/tandem-$name" "$host:tandem.new"
        # Moved into place, because a binary that runs can't be overwritten.
        ssh "$host" 'set -e
            if sudo -n mv -f tandem.new /usr/local/bin/tandem 2>/dev/null; then echo "$(uname -n): /usr/local/bin/tandem"
            else mv -f tandem.new tandem; echo "$(uname -n): ~/tandem"; fi'
    done

# tests of model, pipeline and strategy as 32-bit and 64-bit ARM code, under Debian's qemu-user
test-arm:
    CGO_ENABLED=0 GOARCH=arm GOARM=7 go test -short -exec qemu-arm ./model/... ./pipeline/... ./strategy/...
    CGO_ENABLED=0 GOARCH=arm64 go test -short -exec qemu-aarch64 ./model/... ./pipeline/... ./strategy/...

# the wire's Go code from transport/tandem.proto
generate:
    go generate ./transport
