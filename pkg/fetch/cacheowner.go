package fetch

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// warnOfOthers warns once when other users can change the cache: content is compared with its id, but the cache also
// says which commit a tag names.
func (c *Client) warnOfOthers() {
	if c.o.Notify == nil || c.o.CacheDir == "" {
		return
	}
	c.checkCache.Do(func() {
		if why := cacheDir(c.o.CacheDir).sharedWith(); why != "" {
			c.o.Notify(why + "; what tags name in it is not proven: use a cache folder of your own (PPM_CACHE_DIR)")
		}
	})
}

// sharedWith says which other users can change the cache. It returns "" when none can, or none is known.
func (c cacheDir) sharedWith() string {
	for _, kind := range []string{"", remoteKind, builtinKind} {
		dir := filepath.Join(string(c), kind)
		info, err := os.Stat(dir)
		if err != nil {
			continue
		}
		if owner, is := otherOwner(info); is {
			return fmt.Sprintf("the cache folder %q belongs to another user (%d)", dir, owner)
		}
		if perm := info.Mode().Perm(); hasOwners && perm&0o022 != 0 {
			return fmt.Sprintf("other users can write to the cache folder %q (its mode is %04o; chmod go-w changes "+
				"that)", dir, perm)
		}
	}
	return ""
}

// otherOwner returns the owner of a file that belongs neither to this user nor to root.
func otherOwner(info fs.FileInfo) (uid int, is bool) {
	uid, known := ownerOf(info)
	return uid, known && uid != 0 && uid != os.Geteuid()
}
