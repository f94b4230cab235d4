package supply

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/role/options"

	"github.com/dustin/go-humanize"
)

// Cache is a folder with a folder for each network. What was used longest ago goes when there is no more room.
type Cache struct {
	folder string
	most   int64 // bytes

	mu   sync.Mutex
	used int64 // bytes; -1: not yet known
}

// NewCache makes a cache of at most so many bytes in a folder, which is made when something is kept there.
func NewCache(folder string, most int64) *Cache { return &Cache{folder: folder, most: most, used: -1} }

// CacheOf is the cache that the options ask for: unless told otherwise, where systemd says, or the user's.
func CacheOf(o options.Options) *Cache {
	return NewCache(cmp.Or(o.Cache, usual()), int64(o.CacheSize))
}

func usual() string {
	if folder := os.Getenv("CACHE_DIRECTORY"); folder != "" {
		return folder
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		folder = os.TempDir()
	}
	return filepath.Join(folder, "tandem")
}

// of is the folder of what has a name.
func (c *Cache) of(name string) string { return filepath.Join(c.folder, "networks", name) }

// touch says that something is used now.
func (c *Cache) touch(name string) {
	now := time.Now()
	_ = os.Chtimes(c.of(name), now, now) // on a card that can't be written, nothing has to go either
}

// makeRoom makes room for so many bytes of what has a name, and counts them.
func (c *Cache) makeRoom(name string, bytes int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used < 0 || c.used+bytes > c.most { // others may have used the folder
		if err := c.evict(name, bytes); err != nil {
			return err
		}
	}
	c.used += bytes
	return nil
}

// entry is one network in the folder.
type entry struct {
	name string
	used time.Time
	size int64
}

// evict looks at the folder, and removes the oldest networks until there is room beside one that is in use.
func (c *Cache) evict(inUse string, bytes int64) error {
	entries, err := c.entries()
	if err != nil {
		return err
	}
	c.used = 0
	for _, e := range entries {
		c.used += e.size
	}
	for _, e := range entries {
		if c.used+bytes <= c.most || e.name == inUse {
			continue
		}
		if err := os.RemoveAll(c.of(e.name)); err != nil {
			return fmt.Errorf("cache %s: %w", c.folder, err)
		}
		c.used -= e.size
	}
	if c.used+bytes > c.most {
		return fmt.Errorf("cache %s: it has room for %s, and what this node needs of the network takes more: raise --cache-size",
			c.folder, humanize.IBytes(uint64(c.most)))
	}
	return nil
}

// entries lists the networks, those that were used longest ago first.
func (c *Cache) entries() (all []entry, err error) {
	folders, err := os.ReadDir(c.of(""))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", c.folder, err)
	}
	for _, f := range folders {
		info, err := f.Info()
		if err != nil { // another process has removed it
			continue
		}
		e := entry{name: f.Name(), used: info.ModTime()}
		files, _ := os.ReadDir(c.of(e.name))
		for _, file := range files {
			if info, err := file.Info(); err == nil {
				e.size += info.Size()
			}
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return a.used.Compare(b.used) })
	return all, nil
}

// write puts a small file into the folder of what has a name: whole, or not at all.
func (c *Cache) write(name, file string, content []byte) error {
	if err := c.makeRoom(name, int64(len(content))); err != nil {
		return err
	}
	if err := os.MkdirAll(c.of(name), 0o755); err != nil {
		return fmt.Errorf("cache: %w: choose another folder with --cache", err)
	}
	temporary, err := os.CreateTemp(c.of(name), file+".*")
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(c.of(name), file))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cache: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}

// folderName is what a digest is called in a folder.
func folderName(digest string) string { return strings.ReplaceAll(digest, ":", "-") }
