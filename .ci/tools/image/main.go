// Command image makes a container image for Raspberry Pis of the static binaries in dist/, without a daemon: an OCI archive with
// an index of three architectures, which k3s, containerd and podman load. The same binaries make the same bytes.
//
//	image -version v1 -o dist/tandem-image.tar dist/tandem-arm64 dist/tandem-armv7 dist/tandem-armv6
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// platforms are by the end of a binary's name.
var platforms = map[string]v1.Platform{
	"arm64": {OS: "linux", Architecture: "arm64", Variant: "v8"},
	"armv7": {OS: "linux", Architecture: "arm", Variant: "v7"},
	"armv6": {OS: "linux", Architecture: "arm", Variant: "v6"},
	"amd64": {OS: "linux", Architecture: "amd64"},
}

// user is nobody's: the program needs no rights.
const user = "65532:65532"

func main() {
	log.SetFlags(0)
	version := flag.String("version", "latest", "tag of the image")
	out := flag.String("o", "tandem-image.tar", "archive to write")
	flag.Parse()
	if err := write(*out, *version, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func write(out, version string, binaries []string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, path := range binaries {
		name := filepath.Base(path)
		platform, is := platforms[name[strings.LastIndexByte(name, '-')+1:]]
		if !is {
			return fmt.Errorf("%s: the end of its name says no architecture", path)
		}
		image, err := imageOf(path, version, platform)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	folder, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	to, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	name := map[string]string{
		"org.opencontainers.image.ref.name": version, "io.containerd.image.name": "docker.io/library/tandem:" + version,
	}
	if err := to.AppendIndex(index, layout.WithAnnotations(name)); err != nil {
		return err
	}
	return archive(out, os.DirFS(folder))
}

// imageOf is an image of one layer: the binary, and a folder for what it writes.
func imageOf(path, version string, platform v1.Platform) (v1.Image, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "tandem", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))},
		{Name: "cache/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
	} {
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Size > 0 {
			if _, err := w.Write(content); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layer)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant, Created: v1.Time{Time: time.Unix(0, 0).UTC()},
		RootFS: must(image.ConfigFile()).RootFS,
		Config: v1.Config{
			Entrypoint: []string{"/tandem"}, User: user, ExposedPorts: map[string]struct{}{"12345/tcp": {}},
			Env:    []string{"CACHE_DIRECTORY=/cache", "XDG_CACHE_HOME=/cache"},
			Labels: map[string]string{"org.opencontainers.image.title": "tandem", "org.opencontainers.image.version": version},
		},
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// archive packs a folder, file after file in the order of their names.
func archive(out string, folder fs.FS) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	err = fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: path, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
